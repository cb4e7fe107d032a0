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
  /** Looks every 2 s for jobs of processes that are gone, and begins with all that is not done: see `Enforcement.start`. */
  start(): Promise<void>;
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
  /** Jobs wait for a media server, which may hang. */
  isMediaWaitedFor: boolean;
  /** Does a job; false: there is nothing to do about it. Never rejects. */
  work(job: JobsTable): Promise<boolean>;
  /** Writes down and tells what is known. */
  settle(): Promise<void>;
  onFailure: (error: unknown) => void;
}

export function createRecovery(deps: RecoveryDeps): Recovery {
  const { database, clock, node, running, work, settle, onFailure } = deps;
  let isStopped = false;
  const isOver = (): boolean => isStopped;
  const abandoned = createAbandonedJobs({
    ...{ database, clock, node, work, onFailure },
    own: () => [...running],
  });
  const isOthers = ({ leased_by, leased_until }: JobsTable): boolean =>
    leased_by !== node && (leased_until ?? 0) >= clock.now();
  const retry = createRetry(async () => {
    try {
      await eachPending(database, async (job) => !isOthers(job) && work(job), isOver);
      await settle();
    } catch (error) {
      onFailure(error);
      retry.soon();
    }
  });

  const recover = async (): Promise<number> => {
    const count = await eachPending(database, work, isOver);
    await settle();
    return count;
  };

  return {
    soon: () => retry.soon(),
    worked: () => retry.worked(),
    recover,
    async start() {
      abandoned.start();
      if (!deps.isMediaWaitedFor) return void (await recover());
      recover().catch((error: unknown) => {
        onFailure(error);
        retry.soon();
      });
    },
    takeUp: () => abandoned.run(),
    stop() {
      isStopped = true;
      abandoned.stop();
      retry.stop();
    },
  };
}

/** Jobs that are done at the same time: each may wait for the media server. */
const AT_ONCE = 50;

/** Does the work for every pending job, the oldest first; resolves with how often it was done. */
async function eachPending(
  database: Database,
  work: (job: JobsTable) => Promise<boolean>,
  isOver: () => boolean,
): Promise<number> {
  let count = 0;
  for (let after = '' as JobId; !isOver(); ) {
    const jobs = await database.read((snapshot) => pendingJobs(snapshot, after));
    for (let at = 0; at < jobs.length; at += AT_ONCE) {
      const done = await Promise.all(jobs.slice(at, at + AT_ONCE).map(work));
      count += done.filter((isDone) => isDone).length;
    }
    const last = jobs.at(-1);
    if (!last) break;
    after = last.id;
  }
  return count;
}
