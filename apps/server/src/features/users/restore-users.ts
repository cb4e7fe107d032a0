import type { RestoreUsersRequest, TaskId, UserId } from '@callgate/contract';
import { inputError, notFound } from '../../kernel/errors.ts';
import { type Act, type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { type BulkIds, idsIn, itemsOf } from '../tasks/index.ts';
import { type BulkWork, doLater, isForLater } from './bulk-users.ts';
import { lockUsers, recordChanges } from './record-changes.ts';
import { changedRow } from './user-change.ts';
import { findUsers, type UserRow } from './users.store.ts';

/**
 * Brings deleted users back as they were when they were deleted. Server tokens only. Not deleted: nothing happens.
 * Up to 100 before the reply, all or none: 404/16 for an unknown id, 400/4 for one that was deleted `hard`: upsert
 * that one anew. More in the background, each by itself, by the task that the reply then names.
 */
export function restoreUsers(
  acts: Acts,
  request: ActRequest,
  input: Omit<RestoreUsersRequest, 'user_ids'> & { user_ids: BulkIds },
): Promise<ActReply<{ task_id?: TaskId }>> {
  const items = itemsOf(input.user_ids);
  return acts.perform<{ task_id?: TaskId }>(request, async (act) => {
    demandServer(act.caller);
    if (isForLater(items)) return { task_id: await doLater(act, request, items, RESTORATION) };
    await restoreAllOrNone(act, idsIn(items));
    return {};
  });
}

async function restoreAllOrNone(act: Act, ids: readonly UserId[]): Promise<void> {
  await lockUsers(act.tx, ids);
  const rows = await findUsers(act.tx, ids);
  const changes = ids.map((id) => {
    const before = rows.get(id);
    if (!before) throw notFound('user', id);
    const refused = goneForGood(before);
    if (refused !== undefined) throw inputError('user_ids', refused);
    return { before, after: restored(before, act.now), event: RESTORATION.event };
  });
  await recordChanges(act, RESTORATION.action, changes);
}

const restored = (before: UserRow, now: number): UserRow =>
  changedRow(before, { ...before, deleted_at: null, deletion: null }, now);

const goneForGood = ({ id, deletion }: UserRow): string | undefined =>
  deletion === 'hard' ? `user "${id}" was deleted for good; create it anew` : undefined;

export const RESTORATION: BulkWork = {
  action: 'user.restore',
  event: 'user.restored',
  asId: null,
  withDeleted: true,
  refuse: goneForGood,
  change: restored,
};
