import type { JobId, SessionId, TaskId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import {
  type SessionSelector,
  selectAside,
  selectRevoked,
  selectSessions,
  settleSession,
} from '../media/index.ts';
import { ASIDE_MS, type BindDeps, bindSessions } from './bind-sessions.ts';
import { type AddedJob, addJob, type EnforcementResult, type NewJob } from './jobs.store.ts';
import { removeRefused } from './remove-refused.ts';
import { refusalOf } from './wanted-media.ts';

/** Sessions that are brought to a change at the same time. */
const LOT = 20;
/** Sessions that the door is shut to in one transaction: other acts on them wait for it. */
const SHUT_LOT = 200;

/** How far a change that fans out has come. */
export interface Reached {
  /** The last session that it was told to, in the order of their ids. */
  after: SessionId | '';
  /** Sessions that are done, of so many in all. */
  done: number;
  total: number;
  /** What the reply will say of those that are done. */
  sessions: number;
  tracks: number;
}

/** Shows how far changes are that fan out, each as the task of its job: implemented by `features/tasks`, handed in by `app.ts`. */
export interface FanOuts {
  add(tx: Tx, job: JobId, now: number): Promise<unknown>;
  /** Undefined: it has not begun. */
  reached(handle: Handle, job: JobId): Promise<Reached | undefined>;
  /** Notes how far it is, unless it is further already. */
  advance(tx: Tx, job: JobId, reached: Reached, now: number): Promise<unknown>;
  complete(tx: Tx, job: JobId, result: EnforcementResult, now: number): Promise<unknown>;
}

/** Whether a change concerns everybody somewhere, and no person or call in particular. */
export const isFanOut = (selectors: readonly SessionSelector[]): boolean =>
  selectors.length > 0 &&
  selectors.every((one) => 'callType' in one || 'addresses' in one || 'everybody' in one);

/** What replies, events and the audit log say of the task of a job: it has the job's id. */
export const taskOf = (job: JobId, selectors: readonly SessionSelector[]): { task_id?: TaskId } =>
  isFanOut(selectors) ? { task_id: job as string as TaskId } : {};

/** Writes a job, and the task of one that fans out. */
export function withTask(fanOuts: FanOuts, tx: Tx, job: NewJob): AddedJob {
  const added = addJob(tx, job);
  if (!isFanOut(job.selectors)) return added;
  return { id: added.id, written: Promise.all([added.written, fanOuts.add(tx, added.id, job.now)]) };
}

const NOTHING_YET: Reached = { after: '', done: 0, total: 0, sessions: 0, tracks: 0 };

/**
 * As `bindSessions`, a lot of sessions after the other, when the door is shut to all who must go. After each lot it notes how
 * far it is: whoever goes on after a crash begins behind it. Sessions that come after the list was made are not in it: their
 * doors ask policy after the act.
 */
export async function bindInLots(
  deps: BindDeps & { fanOuts: FanOuts },
  job: JobId,
  selectors: readonly SessionSelector[],
): Promise<Pick<Reached, 'sessions' | 'tracks'>> {
  const { database, clock, fanOuts } = deps;
  const note = (reached: Reached, gone: readonly SessionId[]): Promise<unknown> =>
    database.write(async (tx) => {
      await Promise.all(gone.toSorted().map((id) => settleSession(tx, id)));
      await fanOuts.advance(tx, job, reached, clock.now());
    });

  let { reached, left } = await database.read(async (snapshot) => {
    const before = (await fanOuts.reached(snapshot, job)) ?? NOTHING_YET;
    const ids = await concerned(snapshot, selectors, clock.now() - ASIDE_MS);
    return { reached: before, left: ids.filter((id) => id > before.after) };
  });
  reached = { ...reached, total: reached.done + left.length };
  await note(reached, []);
  const shut = await shutOut(deps, left);
  reached = { ...reached, sessions: reached.sessions + shut.sessions, tracks: reached.tracks + shut.tracks };
  while (left.length > 0) {
    const lot = left.slice(0, LOT);
    left = left.slice(LOT);
    const { sessions, tracks, gone } = await bindSessions(deps, [{ sessionIds: lot }]);
    reached = {
      ...{ after: lot.at(-1) ?? '', done: reached.done + lot.length, total: reached.total },
      ...{ sessions: reached.sessions + sessions, tracks: reached.tracks + tracks },
    };
    await note(reached, gone);
  }
  return reached;
}

/**
 * (h) for all of them, and closes what is open here: the media server may take long to answer for one lot, and the others must
 * not wait for that. Resolves with what the lots will not find any more: sessions that no media server knows, and tracks.
 */
async function shutOut(
  deps: BindDeps,
  ids: readonly SessionId[],
): Promise<Pick<Reached, 'sessions' | 'tracks'>> {
  const { database, doors, onEvents } = deps;
  const shut = { sessions: 0, tracks: 0 };
  for (let at = 0; at < ids.length; at += SHUT_LOT) {
    const lot = [{ sessionIds: ids.slice(at, at + SHUT_LOT) }];
    const refusals = await database.read(async (snapshot) => {
      const rows = await selectSessions(snapshot, lot);
      return Promise.all(rows.map((row) => refusalOf(snapshot, deps, row)));
    });
    if (refusals.every((reason) => reason === null)) continue;
    const { ended } = await database.write((tx) => removeRefused(tx, deps, lot));
    onEvents();
    shut.sessions += ended.filter(({ identity }) => identity === null).length;
    shut.tracks += ended.reduce((sum, { id }) => sum + doors.published(id).length, 0);
    await Promise.all(ended.map(({ id, end_reason }) => doors.close(id, end_reason ?? 'removed')));
  }
  return shut;
}

/** In the order of their ids. */
async function concerned(
  snapshot: Handle,
  selectors: readonly SessionSelector[],
  asideSince: number,
): Promise<SessionId[]> {
  const rows = await Promise.all([
    selectSessions(snapshot, selectors),
    selectRevoked(snapshot, selectors),
    selectAside(snapshot, selectors, asideSince),
  ]);
  return [...new Set(rows.flat().map(({ id }) => id))].sort();
}
