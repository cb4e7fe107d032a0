import type { UnblockUsersRequest } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { requireUser } from '../users/index.ts';
import { blockerOf, demandSomebodyElse } from './user-block.ts';
import { removeUserBlock } from './user-blocks.store.ts';

/** Ends a block between two users. Not blocked: the same 200 with no event. A deleted user can be unblocked. */
export function unblockUsers(
  acts: Acts,
  request: ActRequest,
  input: UnblockUsersRequest,
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { blocked_user_id } = input;
    const user_id = await blockerOf(act, input.user_id);
    demandSomebodyElse(user_id, blocked_user_id);
    await act.tx.lock(`user:${user_id}`);
    await requireUser(act.tx, blocked_user_id, { deleted: true });

    const removed = await removeUserBlock(act.tx, user_id, blocked_user_id);
    if (!removed) return {};
    act.audit({
      action: 'user.unblock',
      asId: act.caller.kind === 'server' ? user_id : null,
      target: { type: 'user', id: blocked_user_id },
      before: { user_id, blocked: true },
      after: { user_id, blocked: false },
    });
    act.event({
      type: 'user.unblocked',
      audience: { users: [user_id] },
      payload: { user_id, blocked_user_id },
    });
    // Where a call hides the media of blocked people, it does so at once.
    act.enforce({ userId: user_id }, { userId: blocked_user_id });
    return {};
  });
}
