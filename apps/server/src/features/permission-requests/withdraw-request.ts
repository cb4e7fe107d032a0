import type { CallCid, PermissionRequestId, PermissionRequestResponse } from '@callgate/contract';
import { notAllowed, notFound } from '../../kernel/errors.ts';
import { requireCall } from '../calls/index.ts';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { callerUserId, refusal } from '../policy/index.ts';
import { requireRequest } from './require-request.ts';
import { settleRequest } from './settle-request.ts';

/**
 * Takes back one's own pending request (a server token: anybody's). Somebody else's is 403/17 for those who may see
 * it and 404/16 for others. Withdrawn already: the same 200 with no event; granted or denied: 400/4.
 */
export function withdrawRequest(
  acts: Acts,
  request: ActRequest,
  input: { cid: CallCid; request_id: PermissionRequestId },
): Promise<ActReply<{ permission_request: PermissionRequestResponse }>> {
  return acts.perform(request, async (act) => {
    const { cid, request_id } = input;
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    const shutOut = mine?.readRefusal;
    if (shutOut && shutOut !== 'no_capability') throw refusal(shutOut);
    const row = await requireRequest(act, cid, request_id);
    const own = callerUserId(act.caller);
    if (mine && row.user_id !== own) {
      if (!mine.capabilities.has('update-call-permissions')) throw notFound('permission request', request_id);
      throw notAllowed('only the person who asked can withdraw a request; deny it instead');
    }
    return settleRequest(act, row, { state: 'withdrawn', by: own ?? null, at: act.now });
  });
}
