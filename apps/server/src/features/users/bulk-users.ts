import { LIMITS, type TaskId, type UserId } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandServer,
  requireActor,
} from '../enforcement/index.ts';
import {
  addTask,
  type BulkIds,
  completedTask,
  type ItemResult,
  idsIn,
  itemResult,
  itemsOf,
  type Outcome,
  startTask,
  type TaskItems,
} from '../tasks/index.ts';
import { lockUsers, recordChanges, type UserChange } from './record-changes.ts';
import { findUsers, type UserRow } from './users.store.ts';

/** One kind of bulk work on users. */
export interface BulkWork {
  /** The task's type and the audit record's action. */
  action: string;
  event: UserChange['event'];
  /** On whose behalf a server acts. */
  asId: UserId | null;
  /** What the work is made from again when a task does it in the background. */
  input?: Record<string, unknown>;
  /** The row as it is to be; the same row: nothing to do. */
  change(before: UserRow, now: number): UserRow;
  /** Why this user cannot be changed, if so. */
  refuse?(before: UserRow): string | undefined;
  /** Tombstones count as users. */
  withDeleted?: boolean;
  /** Runs in the act after the rows were written, with the users that changed. */
  afterwards?(act: Act, changed: readonly UserId[]): Promise<void>;
}

/**
 * Does bulk work on up to 100 users within the request: the task that the reply names is completed, its result says
 * of each id `ok` or why not. More users are written down for a task in the background. Server tokens only. 404/16
 * when there are up to 100 ids and not one of them exists.
 */
export function bulkUsers(
  acts: Acts,
  request: ActRequest,
  userIds: BulkIds,
  work: BulkWork,
): Promise<ActReply<{ task_id: TaskId }>> {
  const items = itemsOf(userIds);
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    act.created();
    return { task_id: await (isForLater(items) ? doLater : doNow)(act, request, items, work) };
  });
}

/** Whether there are too many ids for one transaction. */
export const isForLater = ({ total }: TaskItems): boolean => total > LIMITS.bulkUserIdsNow;

/** Writes down bulk work for a task in the background. */
export async function doLater(
  act: Act,
  { requestId }: ActRequest,
  items: TaskItems,
  { action, asId, input }: BulkWork,
): Promise<TaskId> {
  if (asId) await requireActor(act.tx, act.policy, asId);
  return startTask(act, { type: action, asId, requestId, ...(input && { input }) }, items);
}

async function doNow(act: Act, _request: ActRequest, items: TaskItems, work: BulkWork): Promise<TaskId> {
  const ids = idsIn(items);
  await lockUsers(act.tx, ids);
  if (work.asId) await requireActor(act.tx, act.policy, work.asId);
  const { changes, outcomes, isAnybodyThere } = await planChanges(act, ids, work);
  const [first] = ids;
  if (!isAnybodyThere && first) throw notFound('user', first);

  await recordChanges(act, work.action, changes, work.asId);
  await settleWork(act, work, changes);
  const results = ids.map((id, at): [UserId, ItemResult] => [id, itemResult(outcomes[at] ?? null)]);
  const task = completedTask(work.action, Object.fromEntries(results), act.now);
  await addTask(act.tx, task);
  return task.id;
}

/** What bulk work is to change, and what becomes of each id. */
interface PlannedChanges {
  changes: UserChange[];
  /** In the order of the ids. */
  outcomes: Outcome[];
  isAnybodyThere: boolean;
}

/** Decides what the work does to these users. Hold them before. */
export async function planChanges(
  { tx, now }: Pick<Act, 'tx' | 'now'>,
  ids: readonly UserId[],
  work: BulkWork,
): Promise<PlannedChanges> {
  const rows = await findUsers(tx, ids);
  const changes: UserChange[] = [];
  let isAnybodyThere = false;
  const outcomes = ids.map((id) => {
    const before = rows.get(id);
    if (!before || (before.deleted_at !== null && !work.withDeleted)) return `user "${id}" does not exist`;
    isAnybodyThere = true;
    const refused = work.refuse?.(before);
    if (refused !== undefined) return refused;
    changes.push({ before, after: work.change(before, now), event: work.event });
    return null;
  });
  return { changes, outcomes, isAnybodyThere };
}

/** What is to be done after the changes were written. */
export async function settleWork(act: Act, work: BulkWork, changes: readonly UserChange[]): Promise<void> {
  const changed = changes.filter(({ before, after }) => before !== after).map(({ after }) => after.id);
  if (changed.length > 0) await work.afterwards?.(act, changed);
}
