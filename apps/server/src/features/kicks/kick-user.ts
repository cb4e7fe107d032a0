import type { CallCid, UserId } from '@callgate/contract';
import { addBlock, checkBlockable } from '../call-blocks/index.ts';
import { requireCall } from '../calls/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
  demandOutranksInCall,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField, requireUser, type UserRow, userResponse } from '../users/index.ts';
import { isThere, raiseEpoch } from './kicks.store.ts';

interface KickInput {
  cid: CallCid;
  user_id: UserId;
  /** Also block the person; needs `block-users`. */
  block?: boolean;
}

/**
 * Removes a person from a call at once: every session and join token of theirs is void, a new `join` lets them back
 * in. With `block` they are blocked in the same act. Needs `kick-user` or `block-users`, and a higher rank. Nothing
 * to remove: the same 200 with no event.
 */
export function kickUser(acts: Acts, request: ActRequest, input: KickInput): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id } = input;
    const by = callerUserId(act.caller) ?? null;
    await act.tx.lock(`pair:${cid}/${user_id}`);
    const [user, actor] = await Promise.all([demandKick(act, input), actorField(act, by)]);

    const [kicked, blocked] = await Promise.all([
      isThere(act.tx, cid, user_id),
      input.block ? addBlock(act.tx, { cid, user_id, blocked_by_id: by, created_at: act.now }) : false,
    ]);
    if (!kicked && !blocked) return {};
    if (kicked) await raiseEpoch(act.tx, cid, user_id);
    act.audit({
      action: 'call.kick',
      cid,
      target: { type: 'user', id: user_id },
      before: { in_call: kicked, ...(blocked && { blocked: false }) },
      after: { in_call: false, ...(blocked && { blocked: true }) },
    });
    const payload = { user: userResponse(user, act.now), ...actor };
    const audience = { watchers: true, users: [user_id] } as const;
    if (kicked) act.event({ type: 'call.kicked_user', cid, audience, payload });
    if (blocked) act.event({ type: 'call.blocked_user', cid, audience, payload });
    act.putOut({ userId: user_id, cid });
    return {};
  });
}

/** The person, when the caller may kick them (and block them, when asked to). */
async function demandKick(act: Act, { cid, user_id, block }: KickInput): Promise<UserRow> {
  const [call, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
  demandCapability(mine, 'kick-user', 'block-users');
  if (block) demandCapability(mine, 'block-users');
  const user = await requireUser(act.tx, user_id, { deleted: true });
  if (block) checkBlockable(act.caller, mine?.facts.person.role, call, user_id);
  await demandOutranksInCall(act, mine, { cid, user_id });
  return user;
}
