import type { JobId, SessionId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import { settleSession } from '../media/index.ts';
import type { EnforcementResult, Outcome } from './jobs.store.ts';
import { writeOutcomes } from './outcomes.ts';

/** Jobs are marked done together, this many at most in one transaction. */
const FLUSH_BATCH = 200;
/** And this long after the first of them at the latest, in milliseconds; at once where somebody has gone. */
const FLUSH_AFTER_MS = 250;

/** What came of a job that needs no commit of its own. */
export interface IdleOutcome extends Outcome {
  /** Sessions of which the media server has said that they are gone. */
  gone?: readonly SessionId[];
}

/**
 * What came of jobs, on its way to disk: of those that had nothing to do, and of those whose work is done at the media
 * server. A commit of its own for each would double what an act costs. What a crash loses here is only known again by
 * running the job again.
 */
export interface IdleJobs {
  add(outcome: IdleOutcome): void;
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
  /** Called after a commit that appended events. */
  onEvents: () => void;
}): IdleJobs {
  const { database, clock, onFailure, onEvents } = deps;
  const outcomes = new Map<JobId, IdleOutcome>();
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  const writeAll = async (): Promise<void> => {
    while (outcomes.size > 0) {
      const batch = [...outcomes.values()].slice(0, FLUSH_BATCH);
      const told = await database.write(async (tx) => {
        const gone = batch.flatMap((outcome) => outcome.gone ?? []).sort();
        await Promise.all(gone.map((id) => settleSession(tx, id)));
        return writeOutcomes(tx, batch, clock.now());
      });
      for (const { id } of batch) outcomes.delete(id);
      if (told) onEvents();
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
    resultOf: (id) => outcomes.get(id)?.result,
    add(outcome) {
      outcomes.set(outcome.id, outcome);
      if (isStopped) return;
      timer ??= setTimeout(() => void flush().catch(onFailure), FLUSH_AFTER_MS).unref();
      // Who comes next waits for the seats of those who are gone. What is being written takes them along.
      if (outcome.gone?.length && running === undefined) void flush().catch(onFailure);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
