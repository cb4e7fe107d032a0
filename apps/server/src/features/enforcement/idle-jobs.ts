import type { JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { type EnforcementResult, finishJob } from './jobs.store.ts';

/** Jobs that concerned nobody are marked done together, this many at most in one transaction. */
const FLUSH_BATCH = 200;
/** And this long after the first of them at the latest, in milliseconds. */
const FLUSH_AFTER_MS = 250;

/**
 * Jobs that had nothing to do, on their way to disk. Most acts concern nobody who is in a call; a commit of its own
 * for each would double what an act costs. What a crash loses here is only known again by running the job again.
 */
export interface IdleJobs {
  add(id: JobId, result: EnforcementResult): void;
  /** The result of a job that is not on disk yet. */
  resultOf(id: JobId): EnforcementResult | undefined;
  /** Writes down what is there; the first failure is thrown, and what it concerned stays. */
  flush(): Promise<void>;
  /** No timer starts any more; call `flush` afterwards. */
  stop(): void;
}

export function createIdleJobs(deps: {
  database: Database;
  clock: Clock;
  onFailure: (error: unknown) => void;
}): IdleJobs {
  const { database, clock, onFailure } = deps;
  const results = new Map<JobId, EnforcementResult>();
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const writeAll = async (): Promise<void> => {
    while (results.size > 0) {
      const batch = [...results].slice(0, FLUSH_BATCH);
      await database.write(async (tx) => {
        await Promise.all(batch.map(([id, result]) => finishJob(tx, id, result, clock.now())));
      });
      for (const [id] of batch) results.delete(id);
    }
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    running ??= writeAll().finally(() => {
      running = undefined;
    });
    return running;
  };

  return {
    flush,
    resultOf: (id) => results.get(id),
    add(id, result) {
      results.set(id, result);
      if (isStopped || timer !== undefined) return;
      timer = setTimeout(() => void flush().catch(onFailure), FLUSH_AFTER_MS).unref();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
