import type { JobId } from '@callgate/contract';
import { type Clock, monotonicMs } from '../../kernel/clock.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import type { MediaPlane, SessionSelector } from '../media/index.ts';
import { selectSessions } from '../media/index.ts';
import type { PolicyReader } from '../policy/index.ts';
import { createIdleJobs, type IdleJobs } from './idle-jobs.ts';
import {
  type AddedJob,
  addJob,
  type EnforcementResult,
  jobsByIds,
  pendingJobs,
  resultOf,
} from './jobs.store.ts';
import { writeOutcomes } from './outcomes.ts';
import { type Binding, removeRefused, type SessionEndings } from './remove-refused.ts';
import { createRetry } from './retry.ts';
import { createUnanswered } from './unanswered.ts';

export interface Enforcement {
  readonly media: MediaPlane;
  addJob(tx: Tx, selectors: readonly SessionSelector[], now: number): AddedJob;
  /**
   * Brings the sessions of a committed job to what policy says now, in a new snapshot. Never rejects: the act stands,
   * so a failure answers `pending`, and the job is tried again.
   */
  run(jobId: JobId, selectors: readonly SessionSelector[]): Promise<EnforcementResult>;
  /** What is known of jobs now, by id; unknown ids are left out. */
  resultsOf(handle: Handle, ids: readonly JobId[]): Promise<Map<JobId, EnforcementResult>>;
  /**
   * Runs the jobs that a crash or a failure left behind, and tells what came of them by `enforcement.completed`; resolves
   * with their number. Of a job that another process is at the event may come although its reply tells the same.
   */
  recover(): Promise<number>;
  /** Writes down the jobs that had nothing to do; they are written within a second by themselves. */
  flush(): Promise<void>;
  /** Stops trying again, and flushes. What is not done stays on disk for the next start. */
  close(): Promise<void>;
}

export interface EnforcementDeps {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  media: MediaPlane;
  endings: SessionEndings;
  /** Told of every failure after a commit, with the job that it left behind. */
  onFailure?: (error: unknown, jobId: JobId | null) => void;
  /** Called after a commit that may have appended events. */
  onEvents?: () => void;
}

/** One attempt at a job; `committedAt`, its act's time in ms, when no reply waits for it any more. */
interface Run {
  id: JobId;
  committedAt?: number;
}

/**
 * `applyPolicy` for sessions: commit, then read the sessions concerned in a new snapshot and bring each to what
 * policy now says (design section 3). What must hold is computed anew each time; nothing is a delta, so a job
 * can be run twice.
 */
export function createEnforcement(deps: EnforcementDeps): Enforcement {
  const { database, clock, media, onFailure = () => undefined, onEvents = () => undefined } = deps;
  const idle = createIdleJobs({
    ...{ database, clock, onEvents },
    onFailure(error) {
      onFailure(error, null);
      retry.soon();
    },
  });
  /** Jobs of this process that are under way: their replies wait for them. */
  const running = new Set<JobId>();
  const unanswered = createUnanswered({ database, clock, onEvents });
  const bind = binder({ ...deps, onEvents }, idle);

  /** Never rejects. */
  const attempt = async (run: Run, selectors: readonly SessionSelector[]): Promise<EnforcementResult> => {
    running.add(run.id);
    try {
      const result = await bind(run, selectors);
      retry.worked();
      return result;
    } catch (error) {
      onFailure(error, run.id);
      if (run.committedAt === undefined) unanswered.add(run.id);
      retry.soon();
      return resultOf({ result: null });
    } finally {
      running.delete(run.id);
    }
  };

  const recover = async (): Promise<number> => {
    let count = 0;
    for (let after = '' as JobId; ; ) {
      const jobs = await database.read((snapshot) => pendingJobs(snapshot, after));
      for (const job of jobs) {
        if (running.has(job.id) || idle.resultOf(job.id)) continue;
        await attempt({ id: job.id, committedAt: job.created_at }, JSON.parse(job.scope));
        count++;
      }
      const last = jobs.at(-1);
      if (!last) return count;
      after = last.id;
    }
  };

  const retry = createRetry(async () => {
    try {
      await recover();
      await idle.flush();
      await unanswered.tell();
    } catch (error) {
      onFailure(error, null);
      retry.soon();
    }
  });

  return {
    media,
    addJob,
    run: (id, selectors) => attempt({ id }, selectors),
    flush: () => idle.flush(),
    async resultsOf(handle, ids) {
      const jobs = await jobsByIds(handle, ids);
      return new Map(jobs.map((job) => [job.id, idle.resultOf(job.id) ?? resultOf(job)]));
    },
    async recover() {
      const count = await recover();
      await idle.flush();
      await unanswered.tell();
      return count;
    },
    async close() {
      retry.stop();
      idle.stop();
      await idle.flush();
      await unanswered.tell();
    },
  };
}

/** Brings the sessions concerned to what policy says, and writes down what came of it; at once, or with others when idle. */
const binder =
  (deps: Binding & { database: Database; onEvents: () => void }, idle: IdleJobs) =>
  async ({ id, committedAt }: Run, selectors: readonly SessionSelector[]): Promise<EnforcementResult> => {
    const { database, clock, onEvents } = deps;
    const isLate = committedAt !== undefined;
    const started = monotonicMs() - (isLate ? Math.max(0, clock.now() - committedAt) : 0);
    const concerned = await database.read((snapshot) => selectSessions(snapshot, selectors));
    if (concerned.length === 0) {
      const result = resultFor(0, started);
      idle.add({ id, result, isLate });
      return result;
    }
    const result = await database.write(async (tx) => {
      const done = resultFor(await removeRefused(tx, deps, selectors), started);
      await writeOutcomes(tx, [{ id, result: done, isLate }], clock.now());
      return done;
    });
    onEvents();
    return result;
  };

/** Nothing is told to a media server yet, so nothing else than `no_media` is true, whatever plane is configured. */
const resultFor = (sessions: number, started: number): EnforcementResult => ({
  state: 'no_media',
  sessions,
  tracks: 0,
  took_ms: Math.round((monotonicMs() - started) * 100) / 100,
});
