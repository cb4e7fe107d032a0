import type { CallCid, RingCallRequest, UserId } from '@callgate/contract';
import { requireCall, runningSession } from '../calls/index.ts';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { demandOneself } from './demand-oneself.ts';
import { ringMembers } from './ring-members.ts';

export interface RingInput extends RingCallRequest {
  cid: CallCid;
  user_id?: UserId;
  members_ids?: UserId[];
}

/** Rings the members of a call, or some of them; who is being rung or is in the call already is not rung again. */
export function ringCall(acts: Acts, request: ActRequest, input: RingInput): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id: named, members_ids: only, video } = input;
    demandOneself(act, named);
    await act.tx.lock(`call:${cid}`);
    const call = await requireCall(act.tx, cid);
    const ring = await ringMembers(act, { ring: true, video, call, named, only, field: 'id' });
    if (!ring.audit) return {};
    act.audit({
      action: 'call.ring',
      cid,
      asId: named ?? null,
      target: { type: 'call', id: cid },
      after: ring.audit,
    });
    await ring.start(runningSession(call, act.now));
    return {};
  });
}
