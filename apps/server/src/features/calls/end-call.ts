import type { CallCid } from '@callgate/contract';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { findUser, userResponse } from '../users/index.ts';
import { isSessionRunning, requireCall } from './call.ts';
import { callDifference } from './call-changes.ts';
import { callForEvent } from './call-view.ts';
import { type CallRow, saveCall } from './calls.store.ts';

/**
 * Ends a call: everybody is removed, and from now on only holders of `join-ended-call` may join. Needs `end-call`.
 * A call that has ended already: the same 200, nothing happens.
 */
export function endCall(acts: Acts, request: ActRequest, input: { cid: CallCid }): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    await act.tx.lock(`call:${cid}`);
    const [row, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'end-call');
    if (row.ended_at !== null) return {};

    const ended: CallRow = { ...row, ended_at: act.now, updated_at: act.now };
    await saveCall(act.tx, ended);
    act.audit({ action: 'call.end', cid, target: { type: 'call', id: cid }, ...callDifference(row, ended) });
    const by = callerUserId(act.caller);
    const user = by && (await findUser(act.tx, by));
    const call = await callForEvent(act.tx, ended, act.now);
    act.event({
      type: 'call.ended',
      cid,
      audience: { members: true, watchers: true },
      payload: { call, ...(user && { user: userResponse(user, act.now) }), reason: 'ended_by_user' },
    });
    if (isSessionRunning(row, act.now)) {
      const payload = { call, session_id: row.session_id };
      act.event({ type: 'call.session_ended', cid, audience: { watchers: true }, payload });
    }
    act.enforce({ cid });
    return {};
  });
}
