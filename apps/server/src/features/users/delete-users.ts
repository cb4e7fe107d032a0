import type { DeleteUsersRequest, TaskId } from '@callgate/contract';
import { inputError, notSupported } from '../../kernel/errors.ts';
import { erasePeople } from '../audit/index.ts';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { type BulkIds, forgetOutputsAbout, idsIn, itemsOf } from '../tasks/index.ts';
import { forgetAddresses } from './addresses.store.ts';
import { type BulkWork, bulkUsers, isForLater } from './bulk-users.ts';
import { blankUser, changedRow } from './user-change.ts';
import type { UserRow } from './users.store.ts';

export type Deletion = NonNullable<UserRow['deletion']>;
/** From the mildest on: a second deletion may be harder, never milder. */
const DELETIONS: readonly Deletion[] = ['soft', 'pruning', 'hard'];

/**
 * Deletes users as a task: up to 100 before the reply, more in the background. They leave a tombstone: removed from
 * every call, their tokens refused, bans and blocks kept. `soft` keeps the data, `pruning` drops name, image and
 * custom data, `hard` everything but the id. Throws 400/4 for `hard` without the other two, 400/19 for `calls`.
 */
export async function deleteUsers(
  acts: Acts,
  request: ActRequest,
  input: Omit<DeleteUsersRequest, 'user_ids'> & { user_ids: BulkIds },
): Promise<ActReply<{ task_id: TaskId }>> {
  const mode = input.user ?? 'soft';
  if (mode === 'hard' && !(input.messages === 'hard' && input.conversations === 'hard')) {
    throw inputError('user', '`hard` needs `messages` and `conversations` to be `hard` too');
  }
  if (input.calls !== undefined) throw notSupported('calls');
  const items = itemsOf(input.user_ids);
  const reply = await bulkUsers(acts, request, items, deletion(mode));
  // After the commit, so that the deletion's own record is emptied too; the same request again repairs a crash here.
  if (mode === 'hard' && !isForLater(items)) await erasePeople(acts.database, idsIn(items));
  return reply;
}

export const deletion = (mode: Deletion): BulkWork => ({
  action: 'user.delete',
  event: 'user.deleted',
  asId: null,
  input: { mode },
  withDeleted: true,
  change: (before, now) => deleted(before, mode, now),
  async afterwards(act, changed) {
    if (mode !== 'hard') return;
    await Promise.all([forgetAddresses(act.tx, changed), forgetOutputsAbout(act.tx, changed)]);
  },
});

/** The tombstone; unchanged when the row was deleted at least as hard before. */
export function deleted(before: UserRow, mode: Deletion, now: number): UserRow {
  if (before.deletion !== null && DELETIONS.indexOf(before.deletion) >= DELETIONS.indexOf(mode))
    return before;
  const next = { ...before, deleted_at: before.deleted_at ?? now, deletion: mode };
  if (mode === 'soft') return changedRow(before, next, now);
  const pruned = { ...next, name: null, image: null, custom: '{}' };
  if (mode === 'pruning') return changedRow(before, pruned, now);
  const { ban_shadow, ban_expires_at, online_until, created_at, guest_expires_at } = before;
  const joined = { ban_shadow, ban_expires_at, online_until };
  const { deleted_at } = next;
  const bare = { ...blankUser(before.id, now), ...joined, created_at, guest_expires_at };
  return { ...bare, deleted_at, deletion: mode };
}
