import type { PermissionRequestResponse } from '@callgate/contract';
import type { Act } from '../enforcement/index.ts';
import { actorField, requireUser, userResponse } from '../users/index.ts';
import { requestResponses } from './permission-request.ts';
import { type Answer, answerRequest, type PermissionRequestRow } from './permission-requests.store.ts';
import { isAnsweredSo } from './require-request.ts';

/** Denies or withdraws a request, tells the person and those who watch; with the same answer there, does nothing. */
export async function settleRequest(
  act: Act,
  row: PermissionRequestRow,
  answer: Answer,
): Promise<{ permission_request: PermissionRequestResponse }> {
  const isDone = isAnsweredSo(row, answer.state);
  const settled = isDone ? row : ((await answerRequest(act.tx, row.id, answer)) ?? row);
  const [permission_request] = await requestResponses(act.tx, [settled], act.now);
  if (!permission_request) throw new Error(`permission request ${row.id} has no person`);
  if (isDone) return { permission_request };
  const user = await requireUser(act.tx, row.user_id, { deleted: true });
  act.audit({
    action: answer.state === 'denied' ? 'permission_request.deny' : 'permission_request.withdraw',
    cid: row.cid,
    target: { type: 'permission_request', id: row.id },
    reason: answer.reason ?? null,
    before: { state: 'pending', user_id: row.user_id, permission: row.permission },
    after: { state: answer.state },
  });
  act.event({
    type: 'call.permission_request_updated',
    cid: row.cid,
    audience: { watchers: true, users: [row.user_id] },
    payload: { user: userResponse(user, act.now), permission_request, ...(await actorField(act, answer.by)) },
  });
  return { permission_request };
}
