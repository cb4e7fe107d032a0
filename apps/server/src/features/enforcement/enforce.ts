import type { JobId, TaskId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import type { JobsTable } from '../../storage/tables.ts';
import { Turns } from '../../storage/turns.ts';
import type { EventDraft } from '../events/index.ts';
import {
  type MediaPlane,
  type OpenDoors,
  type ServiceRules,
  type SessionSelector,
  settleSession,
} from '../media/index.ts';
import type { PolicyReader } from '../policy/index.ts';
import { type ApplyPolicy, createApplyPolicy } from './apply-policy.ts';
import { type BindDeps, bindSessions } from './bind-sessions.ts';
import { type FanOuts, taskOf, withTask } from './fan-out.ts';
import { createIdleJobs } from './idle-jobs.ts';
import { type AddedJob, type EnforcementResult, jobsByIds, resultOf } from './jobs.store.ts';
import { createRecovery } from './recovery.ts';
import { putOut, type SessionEndings } from './remove-refused.ts';
import { jobRunner, type Run } from './run-job.ts';
import { createUnanswered } from './unanswered.ts';
import type { MediaSources } from './wanted-media.ts';

export interface Enforcement {
  readonly media: MediaPlane;
  /** Brings one session that may stay to what policy says. */
  readonly applyPolicy: ApplyPolicy;
  /** Brings sessions to what policy says without an act: a door or the sweep saw that they are not. */
  rebind(selectors: readonly SessionSelector[]): Promise<void>;
  addJob(tx: Tx, selectors: readonly SessionSelector[], now: number): AddedJob;
  /** Ends, within an act, those of the selected that it puts out (`Act.putOut`); resolves with what is to be told of them. */
  putOut(tx: Tx, selectors: readonly SessionSelector[]): Promise<EventDraft[]>;
  /**
   * Brings the sessions of a committed job to what policy says now, in a new snapshot. Never rejects: the act stands,
   * so a failure answers `pending`, and the job is tried again. Nor does a reply wait longer than 2 s: it is `pending`,
   * and the job goes on.
   */
  run(jobId: JobId, selectors: readonly SessionSelector[]): Promise<EnforcementResult>;
  /** What is known of jobs now, by id, and the task of those that fan out; unknown ids are left out. */
  resultsOf(handle: Handle, ids: readonly JobId[]): Promise<Map<JobId, KnownResult>>;
  /**
   * Runs the jobs that a crash or a failure left behind, and tells what came of them by `enforcement.completed`; resolves
   * with their number. Of a job that another process is at the event may come although its reply tells the same.
   */
  recover(): Promise<number>;
  /**
   * Does what a crash left behind, and looks every 2 s for jobs of processes that are gone. Resolves when that is done where no
   * media server is configured; else at once: one that hangs takes 20 s for a job, and nobody's start waits for that.
   */
  start(): Promise<void>;
  /** One such look now. */
  takeUp(): Promise<void>;
  /** Writes down the jobs that had nothing to do; they are written within a second by themselves. */
  flush(): Promise<void>;
  /** Stops trying again, and flushes. What is not done stays on disk for the next start. */
  close(): Promise<void>;
}

export type KnownResult = EnforcementResult & { task_id?: TaskId };

export interface EnforcementDeps {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  services: ServiceRules;
  media: MediaPlane;
  doors: OpenDoors;
  sources: MediaSources;
  endings: SessionEndings;
  fanOuts: FanOuts;
  /** Told of every failure after a commit, with the job that it left behind. */
  onFailure?: (error: unknown, jobId: JobId | null) => void;
  /** Called after a commit that may have appended events. */
  onEvents?: () => void;
  /** This process, for the jobs that it works on. */
  node: string;
}

/** How long a reply waits for the media server, in milliseconds (design section 3). */
const REPLY_WAIT_MS = 2_000;
/**
 * Jobs that a process works on at the same time: each waits for the media server, for 20 s where that hangs. Those beyond
 * wait as long as their reply, this many at most; then they stand on disk as what a failure left behind.
 */
const JOBS = { holders: 100, maxWaitMs: REPLY_WAIT_MS, maxWaiting: 1_000 };

/**
 * `applyPolicy` for sessions: commit, then read the sessions concerned in a new snapshot and bring each to what
 * policy now says (design section 3). What must hold is computed anew each time; nothing is a delta, so a job
 * can be run twice.
 */
export function createEnforcement(deps: EnforcementDeps): Enforcement {
  const { database, clock, media, node, onFailure = () => undefined, onEvents = () => undefined } = deps;
  const idle = createIdleJobs({
    ...{ database, clock, onEvents },
    onFailure(error) {
      onFailure(error, null);
      recovery.soon();
    },
  });
  /** Jobs of this process that are under way: their replies wait for them. */
  const running = new Set<JobId>();
  const onUntold = (id: JobId): void => {
    unanswered.add(id);
    recovery.soon();
  };
  const unanswered = createUnanswered({ database, clock, onEvents });
  const applyPolicy = createApplyPolicy(deps);
  const bindDeps = { ...deps, onEvents, applyPolicy };
  const runJob = jobRunner({ ...bindDeps, onUntold }, idle);
  const turns = new Turns({ name: 'the enforcement of other acts', ...JOBS });

  /** Never rejects. */
  const attempt = async (run: Run, selectors: readonly SessionSelector[]): Promise<EnforcementResult> => {
    running.add(run.id);
    try {
      const result = await inTurn(turns, () => runJob(run, selectors));
      recovery.worked();
      return result;
    } catch (error) {
      onFailure(error, run.id);
      if (!run.isLate) unanswered.add(run.id);
      recovery.soon();
      return resultOf({ result: null });
    } finally {
      running.delete(run.id);
    }
  };

  const takeUp = async (job: JobsTable): Promise<boolean> => {
    if (running.has(job.id) || idle.resultOf(job.id)) return false;
    await attempt({ id: job.id, committedAt: job.created_at, isLate: true }, JSON.parse(job.scope));
    return true;
  };
  const settle = async (): Promise<void> => {
    await idle.flush();
    await unanswered.tell();
  };
  const recovery = createRecovery({
    ...{ database, clock, node, running, settle, work: takeUp },
    isMediaWaitedFor: media.configured,
    onFailure: (error) => onFailure(error, null),
  });

  return {
    media,
    putOut: (tx, selectors) => putOut(tx, deps, media.configured ? selectors : []),
    addJob: (tx, selectors, now) => withTask(deps.fanOuts, tx, { selectors, node, now }),
    applyPolicy,
    recover: () => recovery.recover(),
    start: () => recovery.start(),
    takeUp: () => recovery.takeUp(),
    rebind: (selectors) => rebind(bindDeps, selectors),
    run(id, selectors) {
      const run: Run = { id, isLate: false };
      return withinReply(attempt(run, selectors), () => {
        run.isLate = true;
      });
    },
    flush: () => idle.flush(),
    async resultsOf(handle, ids) {
      const jobs = await jobsByIds(handle, ids);
      return new Map(
        jobs.map((job) => [job.id, { ...(idle.resultOf(job.id) ?? resultOf(job)), ...taskIn(job) }]),
      );
    },
    async close() {
      recovery.stop();
      idle.stop();
      await settle();
    },
  };
}

async function rebind(deps: BindDeps, selectors: readonly SessionSelector[]): Promise<void> {
  const { gone } = await bindSessions(deps, selectors);
  if (gone.length === 0) return;
  await deps.database.write((tx) => Promise.all(gone.sort().map((id) => settleSession(tx, id))));
}

const taskIn = ({ id, scope }: JobsTable) => taskOf(id, JSON.parse(scope));

async function inTurn<T>(turns: Turns, work: () => Promise<T>): Promise<T> {
  if (!turns.tryTake()) await turns.take();
  try {
    return await work();
  } finally {
    turns.release();
  }
}

/** (j) What is done first of the work and the wait of its reply; the work goes on. */
async function withinReply(work: Promise<EnforcementResult>, onLate: () => void): Promise<EnforcementResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<EnforcementResult>((resolve) => {
    timer = setTimeout(() => {
      onLate();
      resolve(resultOf({ result: null }));
    }, REPLY_WAIT_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
