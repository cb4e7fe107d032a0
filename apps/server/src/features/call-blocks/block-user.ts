import type { CallCid, UserId } from '@callgate/contract';
import { requireCall } from '../calls/index.ts';
import {
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
  demandOutranksInCall,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField, requireUser, userResponse } from '../users/index.ts';
import { checkBlockable } from './call-block.ts';
import { addBlock } from './call-blocks.store.ts';

/**
 * Blocks a person from a call: they are removed from it at once and can neither join nor read it until unblocked.
 * Needs `block-users` and a higher rank. Doing it twice is the same 200 with no event (rules BLK1..).
 */
export function blockUser(
  acts: Acts,
  request: ActRequest,
  input: { cid: CallCid; user_id: UserId },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id } = input;
    await act.tx.lock(`pair:${cid}/${user_id}`);
    const [call, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'block-users');
    const by = callerUserId(act.caller) ?? null;
    const [user, actor] = await Promise.all([
      requireUser(act.tx, user_id, { deleted: true }),
      actorField(act, by),
    ]);
    checkBlockable(act.caller, mine?.facts.person.role, call, user_id);
    await demandOutranksInCall(act, mine, { cid, user_id });

    const isNew = await addBlock(act.tx, { cid, user_id, blocked_by_id: by, created_at: act.now });
    if (!isNew) return {};
    act.audit({
      action: 'call.block',
      cid,
      target: { type: 'user', id: user_id },
      before: { blocked: false },
      after: { blocked: true },
    });
    act.event({
      type: 'call.blocked_user',
      cid,
      audience: { watchers: true, users: [user_id] },
      payload: { user: userResponse(user, act.now), ...actor },
    });
    act.putOut({ userId: user_id, cid });
    return {};
  });
}
