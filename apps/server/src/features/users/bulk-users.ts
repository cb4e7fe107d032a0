import { LIMITS, type TaskId, type UserId } from '@callgate/contract';
import { ApiError, notFound } from '../../kernel/errors.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandServer,
  requireActor,
} from '../enforcement/index.ts';
import { addTask, completedTask, type ItemResult } from '../tasks/index.ts';
import { lockUsers, recordChanges, type UserChange } from './record-changes.ts';
import { findUsers, type UserRow } from './users.store.ts';

/** One kind of bulk work on users. */
export interface BulkWork {
  /** The task's type and the audit record's action. */
  action: string;
  event: UserChange['event'];
  /** On whose behalf a server acts. */
  asId: UserId | null;
  /** The row as it is to be; the same row: nothing to do. */
  change(before: UserRow, act: Act): UserRow;
  /** Tombstones count as users. */
  withDeleted?: boolean;
  /** Runs in the act after the rows were written, with the users that changed. */
  afterwards?(act: Act, changed: readonly UserId[]): Promise<void>;
}

/**
 * Does bulk work on up to 100 users within the request: the task that the reply names is completed, its result says
 * of each id `ok` or why not. Server tokens only. 400/19 for more ids; 404/16 when not one of them exists.
 */
export function bulkUsers(
  acts: Acts,
  request: ActRequest,
  userIds: readonly UserId[],
  work: BulkWork,
): Promise<ActReply<{ task_id: TaskId }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const ids = [...new Set(userIds)];
    demandFewEnough(ids);
    await lockUsers(act.tx, ids);
    if (work.asId) await requireActor(act.tx, act.policy, work.asId);
    const rows = await findUsers(act.tx, ids);
    const known = ids.flatMap((id) => {
      const row = rows.get(id);
      return row && (row.deleted_at === null || work.withDeleted) ? [row] : [];
    });
    const [first] = ids;
    if (known.length === 0 && first) throw notFound('user', first);

    act.created();
    const changes = known.map((before) => ({ before, after: work.change(before, act), event: work.event }));
    await recordChanges(act, work.action, changes, work.asId);
    const changed = changes.filter(({ before, after }) => before !== after).map(({ after }) => after.id);
    if (changed.length > 0) await work.afterwards?.(act, changed);
    const task = completedTask(work.action, resultsOf(ids, known), act.now);
    await addTask(act.tx, task);
    return { task_id: task.id };
  });
}

/** 400/19 above 100 ids: more runs in the background, which this version does not do. */
export function demandFewEnough(ids: readonly UserId[]): void {
  if (ids.length <= LIMITS.bulkUserIdsNow) return;
  const complaint = `takes at most ${LIMITS.bulkUserIdsNow} ids in this version; send several requests`;
  throw new ApiError('feature_not_supported', `user_ids: ${complaint}`, { fields: { user_ids: complaint } });
}

function resultsOf(ids: readonly UserId[], known: readonly UserRow[]): Record<string, ItemResult> {
  const found = new Set(known.map((row) => row.id));
  const missing = (id: UserId): ItemResult => ({ status: 'error', error: `user "${id}" does not exist` });
  return Object.fromEntries(ids.map((id) => [id, found.has(id) ? { status: 'ok' } : missing(id)]));
}
