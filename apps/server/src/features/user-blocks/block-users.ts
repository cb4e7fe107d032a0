import type { BlockUsersRequest } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { demandSameTeam, requireUser } from '../users/index.ts';
import { blockerOf, blockResponse, demandSomebodyElse } from './user-block.ts';
import { addUserBlock, findUserBlock } from './user-blocks.store.ts';

/**
 * One user blocks another: the blocker gets no ringing and no notifications from the blocked, who is not told.
 * One-way. Always 201; doing it twice answers the same block with no event (rules UBL1..).
 */
export function blockUsers(
  acts: Acts,
  request: ActRequest,
  input: BlockUsersRequest,
): Promise<ActReply<ReturnType<typeof blockResponse>>> {
  return acts.perform(request, async (act) => {
    const { blocked_user_id } = input;
    const user_id = await blockerOf(act, input.user_id);
    demandSomebodyElse(user_id, blocked_user_id);
    await act.tx.lock(`user:${user_id}`);
    const blocked = await requireUser(act.tx, blocked_user_id);
    if (act.caller.kind === 'user') {
      const mine = await requireUser(act.tx, user_id);
      await demandSameTeam(act, JSON.parse(mine.teams) as string[], JSON.parse(blocked.teams) as string[]);
    }

    act.created();
    const existing = await findUserBlock(act.tx, user_id, blocked_user_id);
    if (existing) return blockResponse(existing);
    const row = { user_id, blocked_user_id, created_at: act.now };
    await addUserBlock(act.tx, row);
    act.audit({
      action: 'user.block',
      asId: act.caller.kind === 'server' ? user_id : null,
      target: { type: 'user', id: blocked_user_id },
      before: { user_id, blocked: false },
      after: { user_id, blocked: true },
    });
    act.event({
      type: 'user.blocked',
      audience: { users: [user_id] },
      payload: { user_id, blocked_user_id },
    });
    // Where a call hides the media of blocked people, it does so at once.
    act.enforce({ userId: user_id }, { userId: blocked_user_id });
    return blockResponse(row);
  });
}
