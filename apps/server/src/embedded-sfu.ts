import { setTimeout as wait } from 'node:timers/promises';
import { SFU_ENTRY, type SfuSettings } from '@callgate/sfu/process';
import { monotonicMs } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';
import { launchSfu, type SfuRun } from './sfu-run.ts';

export interface EmbeddedSfuOptions {
  /** With port 0 it takes one, and keeps it for later starts. */
  readonly settings: SfuSettings;
  /** The program, a TypeScript file. Default: the media server's own. */
  readonly entry?: string;
  readonly logger: Logger;
  /** Called for each start: what was in its rooms before is gone. */
  onBoot?(bootId: string): void;
  /** A process that answers no beat for so long, in milliseconds, is ended and started again. Default 10,000. */
  readonly silenceMs?: number;
}

/** The media server of this process: a child that ends with it. */
export interface EmbeddedSfu {
  /** `http://127.0.0.1:<port>`: signalling and API, at every start the same. */
  readonly url: string;
  /** Of the process that runs now; undefined while none does. */
  readonly bootId: string | undefined;
  readonly pid: number | undefined;
  /** Clients are told; resolves once no child is left. A second call waits for the first. */
  stop(): Promise<void>;
}

/** Pause before the next start, in milliseconds: doubles up to the longest, and is short again after a long run. */
const PAUSE_MS = { first: 100, longest: 5_000, forgottenAfter: 30_000 };
const SILENCE_MS = 10_000;

/** Starts the media server and keeps it running. Rejects, with the child's sentence, where the first start fails. */
export async function startEmbeddedSfu(options: EmbeddedSfuOptions): Promise<EmbeddedSfu> {
  const { entry = SFU_ENTRY, logger, settings, silenceMs = SILENCE_MS, onBoot } = options;
  const stopping = new AbortController();
  const launch = (port: number): Promise<SfuRun> =>
    launchSfu({ entry, logger, silenceMs, settings: { ...settings, port } });
  const first = await launch(settings.port);
  const { url } = first;
  const port = Number(new URL(url).port);
  let running: SfuRun | undefined;

  /** Milliseconds that the run lasted. */
  const watch = async (run: SfuRun): Promise<number> => {
    const since = monotonicMs();
    running = run;
    logger.info({ boot_id: run.bootId, pid: run.pid, url }, 'the embedded media server runs');
    onBoot?.(run.bootId);
    const why = await run.ended;
    running = undefined;
    if (!stopping.signal.aborted)
      logger.error({ why }, 'the embedded media server ended; it is started again');
    return monotonicMs() - since;
  };
  const relaunch = async (pauseMs: number): Promise<SfuRun | undefined> => {
    await wait(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    if (stopping.signal.aborted) return undefined;
    return launch(port).catch((error: unknown) => {
      logger.error({ err: error }, 'the embedded media server does not start');
      return undefined;
    });
  };
  const keepRunning = async (): Promise<void> => {
    let next: SfuRun | undefined = first;
    let pauseMs = PAUSE_MS.first;
    while (!stopping.signal.aborted) {
      const lastedMs = next ? await watch(next) : 0;
      if (lastedMs > PAUSE_MS.forgottenAfter) pauseMs = PAUSE_MS.first;
      next = await relaunch(pauseMs);
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS.longest);
    }
    // Started while it was being stopped.
    await next?.stop();
  };
  const kept = keepRunning();
  return {
    url,
    get bootId() {
      return running?.bootId;
    },
    get pid() {
      return running?.pid;
    },
    async stop() {
      stopping.abort();
      await running?.stop();
      await kept;
    },
  };
}
