import type { JobId } from '@callgate/contract';
import { type Clock, monotonicMs } from '../../kernel/clock.ts';
import { type SessionSelector, selectRevoked, selectSessions, settleSession } from '../media/index.ts';
import { type BindDeps, bindSessions } from './bind-sessions.ts';
import { bindInLots, type FanOuts, isFanOut } from './fan-out.ts';
import type { IdleJobs } from './idle-jobs.ts';
import type { EnforcementResult } from './jobs.store.ts';
import { writeOutcomes } from './outcomes.ts';
import { removeRefused } from './remove-refused.ts';

/** One attempt at a job; `committedAt`, its act's time in ms, when it is not the first. */
export interface Run {
  id: JobId;
  committedAt?: number;
  /** No reply waits for it any more. */
  isLate: boolean;
}

interface RunDeps extends BindDeps {
  fanOuts: FanOuts;
  /** A reply was `pending` while its outcome was written as in time. */
  onUntold(id: JobId): void;
}

/** Does a job once; resolves with what holds. */
export type RunJob = (run: Run, selectors: readonly SessionSelector[]) => Promise<EnforcementResult>;

export function jobRunner(deps: RunDeps, idle: IdleJobs): RunJob {
  const whole = deps.media.configured ? mediaRunner(deps, idle) : rowRunner(deps, idle);
  const inLots = fanOutRunner(deps);
  return (run, selectors) => (isFanOut(selectors) ? inLots : whole)(run, selectors);
}

/** With a media server: what it answered is the result. What came of it is written down with others. */
const mediaRunner =
  (deps: RunDeps, idle: IdleJobs): RunJob =>
  async (run, selectors) => {
    const started = startOf(deps.clock, run);
    const { sessions, tracks, gone } = await bindSessions(deps, selectors);
    const result = resultFor({ state: sessions === 0 ? 'no_media' : 'applied', sessions, tracks }, started);
    idle.add({ id: run.id, result, isLate: run.isLate, gone }); // (k)
    return result;
  };

/** Without a media server the rows are all that there is; they are brought to it in the commit of the outcome. */
const rowRunner =
  (deps: RunDeps, idle: IdleJobs): RunJob =>
  async (run, selectors) => {
    const { database, clock } = deps;
    const { id } = run;
    const started = startOf(clock, run);
    const concerned = await database.read(async (snapshot) => [
      ...(await selectSessions(snapshot, selectors)),
      ...(await selectRevoked(snapshot, selectors)),
    ]);
    if (concerned.length === 0) {
      const result = resultFor(NOTHING, started);
      idle.add({ id, result, isLate: run.isLate });
      return result;
    }
    return writtenBefore(deps, run, (isLate) =>
      database.write(async (tx) => {
        const removed = await removeRefused(tx, deps, selectors);
        // There was a media server when they were made, and there is none that could hold them now.
        const over = await selectRevoked(tx, selectors);
        await Promise.all(over.map((row) => settleSession(tx, row.id)));
        const done = resultFor({ ...NOTHING, sessions: removed.concerned.length }, started);
        await writeOutcomes(tx, [{ id, result: done, isLate }], clock.now());
        return done;
      }),
    );
  };

/** A change that fans out: in lots, and its task is completed with the outcome, before the reply. */
const fanOutRunner =
  (deps: RunDeps): RunJob =>
  async (run, selectors) => {
    const { database, clock, media, fanOuts } = deps;
    const { id } = run;
    const started = startOf(clock, run);
    const { sessions, tracks } = await bindInLots(deps, id, selectors);
    const state = media.configured && sessions > 0 ? 'applied' : 'no_media';
    return writtenBefore(deps, run, (isLate) =>
      database.write(async (tx) => {
        const result = resultFor({ state, sessions, tracks }, started);
        await writeOutcomes(tx, [{ id, result, isLate }], clock.now());
        await fanOuts.complete(tx, id, result, clock.now());
        return result;
      }),
    );
  };

/** An outcome that is written before the reply: the reply may be sent without it meanwhile, and then an event tells it. */
async function writtenBefore(
  { onEvents, onUntold }: RunDeps,
  run: Run,
  write: (isLate: boolean) => Promise<EnforcementResult>,
): Promise<EnforcementResult> {
  const { isLate } = run;
  const result = await write(isLate);
  onEvents();
  if (run.isLate && !isLate) onUntold(run.id);
  return result;
}

const NOTHING = { state: 'no_media', sessions: 0, tracks: 0 } as const;

const startOf = (clock: Clock, { committedAt }: Run): number =>
  monotonicMs() - (committedAt === undefined ? 0 : Math.max(0, clock.now() - committedAt));

const resultFor = (bound: Omit<EnforcementResult, 'took_ms'>, started: number): EnforcementResult => ({
  ...bound,
  took_ms: Math.round((monotonicMs() - started) * 100) / 100,
});
