import type { DeactivateUserRequest, UserId } from '@callgate/contract';
import {
  type ActReply,
  type ActRequest,
  type Acts,
  demandServer,
  requireActor,
} from '../enforcement/index.ts';
import { lockUsers, recordChanges, shownUsers } from './record-changes.ts';
import { requireUser, type ShownUserResponse } from './user.ts';
import { changedRow } from './user-change.ts';
import type { UserRow } from './users.store.ts';

/**
 * Deactivates a user: they can make no request and are removed from every call before the reply. Server tokens
 * only. Deactivated already: the same 200 with no event (rules USR20..).
 */
export function deactivateUser(
  acts: Acts,
  request: ActRequest,
  input: DeactivateUserRequest & { user_id: UserId },
): Promise<ActReply<{ user: ShownUserResponse | undefined }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const { user_id, created_by_id: asId = null } = input;
    await lockUsers(act.tx, [user_id]);
    if (asId) await requireActor(act.tx, act.policy, asId);
    const before = await requireUser(act.tx, user_id);

    const after = deactivated(before, asId, act.now);
    await recordChanges(act, 'user.deactivate', [{ before, after, event: 'user.deactivated' }], asId);
    return { user: (await shownUsers(act, [after]))[user_id] };
  });
}

/** The row deactivated; unchanged when it is already. */
export const deactivated = (before: UserRow, asId: UserId | null, now: number): UserRow =>
  before.deactivated_at === null
    ? changedRow(before, { ...before, deactivated_at: now, deactivated_by_id: asId }, now)
    : before;
