import { noteFigure } from '../../scripts/test-notes.ts';
import { type Counter, rising } from '../clients/counters.ts';

/** How often a stage is built before its silence counts, and how long each may take to be heard. */
const ATTEMPTS = 3;
const WITHIN_MS = 10_000;

/** What a test begins with: clients by hand, and what must rise before it begins. */
export interface Built<Stage> {
  stage: Stage;
  heard: readonly Counter[];
}

/**
 * Builds a stage until everything that should be heard on it is, at most three times; rejects with the last silence.
 * On a busy machine libdatachannel loses a transport or a track, up to once in 30 times, with nothing of ours between; so
 * only a set-up is built again, and a run notes how often that was.
 */
export async function untilHeard<Stage>(
  build: (attempt: number) => Promise<Built<Stage>>,
  discard: (stage: Stage) => void,
): Promise<Stage> {
  for (let attempt = 1; ; attempt++) {
    const { stage, heard } = await build(attempt);
    const lost = await Promise.all(heard.map((one) => rising(one, { withinMs: WITHIN_MS }))).then(
      () => undefined,
      (error: Error) => error,
    );
    if (!lost) return stage;
    if (attempt === ATTEMPTS) throw lost;
    noteFigure(
      `clients by hand: a stage was silent and is built again (attempt ${attempt}): ${lost.message}`,
    );
    discard(stage);
  }
}
