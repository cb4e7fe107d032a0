import type { JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database } from '../../storage/database.ts';
import type { JobsTable } from '../../storage/tables.ts';
import { createAbandonedJobs } from './abandoned-jobs.ts';
import { pendingJobs } from './jobs.store.ts';
import { createRetry } from './retry.ts';

/** How jobs that were not done at once are done after all. */
export interface Recovery {
  /** An attempt failed: what is not done is tried again. */
  soon(): void;
  /** An attempt went well. */
  worked(): void;
  /** Does everything that is not done, whoever works on it; resolves with how much that was. */
  recover(): Promise<number>;
  /** Looks every 2 s for jobs of processes that are gone. */
  start(): void;
  /** One such look now. */
  takeUp(): Promise<void>;
  stop(): void;
}

export interface RecoveryDeps {
  database: Database;
  clock: Clock;
  /** This process. */
  node: string;
  /** The jobs that this process works on. */
  running: ReadonlySet<JobId>;
  /** Does a job; false: there is nothing to do about it. Never rejects. */
  work(job: JobsTable): Promise<boolean>;
  /** Writes down and tells what is known. */
  settle(): Promise<void>;
  onFailure: (error: unknown) => void;
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database, clock, node, running, work, settle, onFailure } = deps;
  const abandoned = createAbandonedJobs({
    ...{ database, clock, node, work, onFailure },
    own: () => [...running],
  });
  const isOthers = ({ leased_by, leased_until }: JobsTable): boolean =>
    leased_by !== node && (leased_until ?? 0) >= clock.now();
  const retry = createRetry(async () => {
    try {
      await eachPending(database, async (job) => !isOthers(job) && work(job));
      await settle();
    } catch (error) {
      onFailure(error);
      retry.soon();
    }
  });

  return {
    soon: () => retry.soon(),
    worked: () => retry.worked(),
    async recover() {
      const count = await eachPending(database, work);
      await settle();
      return count;
    },
    start: () => abandoned.start(),
    takeUp: () => abandoned.run(),
    stop() {
      abandoned.stop();
      retry.stop();
    },
  };
}

/** Does the work for every pending job, oldest first; resolves with how often it was done. */
async function eachPending(database: Database, work: (job: JobsTable) => Promise<boolean>): Promise<number> {
  let count = 0;
  for (let after = '' as JobId; ; ) {
    const jobs = await database.read((snapshot) => pendingJobs(snapshot, after));
    for (const job of jobs) if (await work(job)) count++;
    const last = jobs.at(-1);
    if (!last) return count;
    after = last.id;
  }
}
