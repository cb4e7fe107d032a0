import type { CallCid, SessionId } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import { requireCall, serviceLeft } from '../calls/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import { endSession, findSession, isService } from '../media/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField } from '../users/index.ts';

/**
 * Removes a participant that belongs to no user at once; the token that it came with is void. Needs `kick-user` or
 * `block-users`; services have no rank. Somebody who is gone already: the same 200 with no event.
 */
export function kickService(
  acts: Acts,
  request: ActRequest,
  { cid, session_id }: { cid: CallCid; session_id: SessionId },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    await act.tx.lock(`call:${cid}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'kick-user', 'block-users');
    const row = await findSession(act.tx, session_id);
    if (!row || row.cid !== cid || !isService(row)) throw notFound('service participant', session_id);
    if (!(await endSession(act.tx, session_id, act.now, 'kicked'))) return {};
    const { service_kind: kind, service_name: name } = row;
    act.audit({
      action: 'call.kick_service',
      cid,
      target: { type: 'session', id: session_id },
      before: { in_call: true, kind, name },
      after: { in_call: false },
    });
    act.event(serviceLeft(row, 'kicked', await actorField(act, callerUserId(act.caller) ?? null)));
    act.enforce({ sessionIds: [session_id] });
    return {};
  });
}
