import type { CallCid, SessionId, UserId } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { findSession } from '../media/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField } from '../users/index.ts';
import { requireCall } from './call.ts';
import { addPin } from './pins.store.ts';
import { pinResponse } from './session-view.ts';

export interface PinInput {
  cid: CallCid;
  user_id: UserId;
  session_id: SessionId;
}

/**
 * Pins a participant for everyone until they leave. Needs `pin-for-everyone`; 404/16 when that session of that
 * person is not in the call (hidden ones count as not there). Pinned already: the same 200, nothing happens.
 */
export function pinParticipant(acts: Acts, request: ActRequest, input: PinInput): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id, session_id } = input;
    await act.tx.lock(`call:${cid}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'pin-for-everyone');
    const session = await findSession(act.tx, session_id);
    const isThere = session?.cid === cid && session.user_id === user_id && session.state === 'active';
    if (!isThere || session.hidden === 1) throw notFound('session', session_id);

    const by = callerUserId(act.caller) ?? null;
    const pin = { cid, user_id, session_id, pinned_by_id: by, pinned_at: act.now };
    if (!(await addPin(act.tx, pin))) return {};
    act.audit({ action: 'call.pin', cid, target: { type: 'user', id: user_id }, after: { session_id } });
    const payload = { pin: pinResponse(pin), ...(await actorField(act, by)) };
    act.event({ type: 'call.pinned', cid, audience: { watchers: true }, payload });
    return {};
  });
}
