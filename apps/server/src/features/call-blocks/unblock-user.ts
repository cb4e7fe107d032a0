import type { CallCid, UserId } from '@callgate/contract';
import { requireCall } from '../calls/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField, requireUser, userResponse } from '../users/index.ts';
import { removeBlock } from './call-blocks.store.ts';

/**
 * Lets a blocked person back: membership and role are as before. Needs `block-users`. For somebody who is not
 * blocked it is the same 200 with no event.
 */
export function unblockUser(
  acts: Acts,
  request: ActRequest,
  input: { cid: CallCid; user_id: UserId },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id } = input;
    await act.tx.lock(`pair:${cid}/${user_id}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'block-users');
    const by = callerUserId(act.caller) ?? null;
    const [user, actor] = await Promise.all([
      requireUser(act.tx, user_id, { deleted: true }),
      actorField(act, by),
    ]);

    const removed = await removeBlock(act.tx, cid, user_id);
    if (!removed) return {};
    act.audit({
      action: 'call.unblock',
      cid,
      target: { type: 'user', id: user_id },
      before: { blocked: true },
      after: { blocked: false },
    });
    act.event({
      type: 'call.unblocked_user',
      cid,
      audience: { watchers: true, users: [user_id] },
      payload: { user: userResponse(user, act.now), ...actor },
    });
    act.enforce({ userId: user_id, cid });
    return {};
  });
}
