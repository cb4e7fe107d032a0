import type { RestoreUsersRequest } from '@callgate/contract';
import { inputError, notFound } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { demandFewEnough } from './bulk-users.ts';
import { lockUsers, recordChanges } from './record-changes.ts';
import { changedRow } from './user-change.ts';
import { findUsers } from './users.store.ts';

/**
 * Brings deleted users back as they were when they were deleted, all or none. Server tokens only. Not deleted:
 * nothing happens. 404/16 for an unknown id, 400/4 for one that was deleted `hard`: upsert that one anew.
 */
export function restoreUsers(
  acts: Acts,
  request: ActRequest,
  input: RestoreUsersRequest,
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const ids = [...new Set(input.user_ids)];
    demandFewEnough(ids);
    await lockUsers(act.tx, ids);
    const rows = await findUsers(act.tx, ids);

    const changes = ids.map((id) => {
      const before = rows.get(id);
      if (!before) throw notFound('user', id);
      if (before.deletion === 'hard') {
        throw inputError('user_ids', `user "${id}" was deleted for good; create it anew`);
      }
      const after = changedRow(before, { ...before, deleted_at: null, deletion: null }, act.now);
      return { before, after, event: 'user.restored' as const };
    });
    await recordChanges(act, 'user.restore', changes);
    return {};
  });
}
