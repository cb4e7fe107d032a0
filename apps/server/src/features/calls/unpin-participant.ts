import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField } from '../users/index.ts';
import { requireCall } from './call.ts';
import type { PinInput } from './pin-participant.ts';
import { removePin } from './pins.store.ts';
import { pinResponse } from './session-view.ts';

/** Takes a pin away. Needs `pin-for-everyone`. Not pinned: the same 200, nothing happens. */
export function unpinParticipant(
  acts: Acts,
  request: ActRequest,
  input: PinInput,
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id, session_id } = input;
    await act.tx.lock(`call:${cid}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'pin-for-everyone');

    const pin = await removePin(act.tx, { cid, user_id, session_id });
    if (!pin) return {};
    const by = callerUserId(act.caller) ?? null;
    act.audit({ action: 'call.unpin', cid, target: { type: 'user', id: user_id }, before: { session_id } });
    const payload = { pin: pinResponse(pin), ...(await actorField(act, by)) };
    act.event({ type: 'call.unpinned', cid, audience: { watchers: true }, payload });
    return {};
  });
}
