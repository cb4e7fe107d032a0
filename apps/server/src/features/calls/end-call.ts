import type { CallCid, END_REASONS } from '@callgate/contract';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { findUser, userResponse } from '../users/index.ts';
import { isSessionRunning, requireCall } from './call.ts';
import { callDifference } from './call-changes.ts';
import { callForEvent } from './call-view.ts';
import { type CallRow, holdCall, saveCall } from './calls.store.ts';
import { stateSessionEnded } from './end-empty-session.ts';
import { clearSessionEnd, clearSessionLimit } from './session-timers.ts';

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

    await writeEnd(act, row, 'ended_by_user');
    return {};
  });
}

/**
 * Ends a call that has not ended: one audit record, `call.ended`, and `call.session_ended` unless that was told already.
 * Everybody in it is asked about again. Hold `call:<cid>`.
 */
export async function writeEnd(
  act: Act,
  row: CallRow,
  reason: Extract<(typeof END_REASONS)[number], 'ended_by_user' | 'timer'>,
): Promise<void> {
  const { cid } = row;
  await saveCall(act.tx, { ...row, ended_at: act.now, updated_at: act.now });
  // Read again, and held: people come and go without `call:<cid>`.
  const ended = await holdCall(act.tx, cid);
  if (!ended) throw new Error(`the call ${cid} has no row`);
  const wasRunning = isSessionRunning({ ...ended, ended_at: null }, act.now);
  const [isUntold, , call] = await Promise.all([
    clearSessionEnd(act.tx, cid),
    clearSessionLimit(act.tx, cid),
    callForEvent(act.tx, ended, act.now),
  ]);
  act.audit({
    action: 'call.end',
    cid,
    target: { type: 'call', id: cid },
    ...(reason === 'timer' && { reason }),
    ...callDifference(row, ended),
  });
  const by = callerUserId(act.caller);
  const user = by && (await findUser(act.tx, by));
  act.event({
    type: 'call.ended',
    cid,
    audience: { members: true, watchers: true },
    payload: { call, ...(user && { user: userResponse(user, act.now) }), reason },
  });
  if (wasRunning || isUntold) await stateSessionEnded(act, ended);
  act.enforce({ cid });
}
