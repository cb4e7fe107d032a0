import type { CallCid, PermissionRequestId, PermissionRequestResponse } from '@callgate/contract';
import { requireCall } from '../calls/index.ts';
import {
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
  demandOutranksInCall,
} from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { requireRequest } from './require-request.ts';
import { settleRequest } from './settle-request.ts';

/**
 * Denies a pending request; the person sees the reason and keeps what they hold. Needs `update-call-permissions` and
 * a higher rank than the person's. Denied already: the same 200 with no event; granted or withdrawn: 400/4.
 */
export function denyRequest(
  acts: Acts,
  request: ActRequest,
  input: { cid: CallCid; request_id: PermissionRequestId; reason?: string },
): Promise<ActReply<{ permission_request: PermissionRequestResponse }>> {
  return acts.perform(request, async (act) => {
    const { cid, request_id, reason } = input;
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'update-call-permissions');
    const row = await requireRequest(act, cid, request_id);
    await demandOutranksInCall(act, mine, { cid, user_id: row.user_id }, 'request_id');
    const by = callerUserId(act.caller) ?? null;
    return settleRequest(act, row, { state: 'denied', reason: reason ?? null, by, at: act.now });
  });
}
