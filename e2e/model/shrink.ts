import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import type { Command } from './commands.ts';
import { type Disagreement, runHistory } from './history.ts';
import { openWorld, type Patch } from './world.ts';

/** How many shorter histories are tried at most. */
const TRIES = 120;

/** Runs a history in a world of its own. */
export async function runAlone(
  engine: TestEngine,
  history: readonly Command[],
  fault?: Patch,
): Promise<Disagreement | undefined> {
  const world = await openWorld(engine, fault);
  try {
    return await runHistory(world, history);
  } finally {
    await world.discard();
  }
}

/** The failing history without steps that it fails without, largest pieces first; fails at its last step. */
export async function shrunk(
  engine: TestEngine,
  history: readonly Command[],
): Promise<{ history: Command[]; failure: Disagreement | undefined }> {
  let best = [...history];
  let failure = await runAlone(engine, best);
  if (!failure) return { history: best, failure };
  best = best.slice(0, failure.at + 1);
  let tries = 0;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from + size <= best.length && tries < TRIES; tries++) {
      const shorter = best.toSpliced(from, size);
      const still = await runAlone(engine, shorter);
      if (still) [best, failure] = [shorter.slice(0, still.at + 1), still];
      else from += size;
    }
  }
  return { history: best, failure };
}
