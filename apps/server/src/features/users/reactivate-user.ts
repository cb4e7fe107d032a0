import type { ReactivateUserRequest, UserId } from '@callgate/contract';
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
 * Reactivates a user, with a new name if one is given: tokens work again, bans and blocks stay as they are. Server
 * tokens only. Active already and no new name: the same 200 with no event.
 */
export function reactivateUser(
  acts: Acts,
  request: ActRequest,
  input: ReactivateUserRequest & { user_id: UserId },
): Promise<ActReply<{ user: ShownUserResponse | undefined }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const { user_id, created_by_id: asId = null, name } = input;
    await lockUsers(act.tx, [user_id]);
    if (asId) await requireActor(act.tx, act.policy, asId);
    const before = await requireUser(act.tx, user_id);

    const named = name === undefined ? before : changedRow(before, { ...before, name }, act.now);
    const after = reactivated(named, act.now);
    const event = before.deactivated_at === null ? 'user.updated' : 'user.reactivated';
    await recordChanges(act, 'user.reactivate', [{ before, after, event }], asId);
    return { user: (await shownUsers(act, [after]))[user_id] };
  });
}

/** The row active; unchanged when it is already. */
export const reactivated = (before: UserRow, now: number): UserRow =>
  changedRow(before, { ...before, deactivated_at: null, deactivated_by_id: null }, now);
