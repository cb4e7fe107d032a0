import type {
  CallCid,
  PermissionRequestId,
  PermissionRequestResponse,
  Requestable,
  UserId,
} from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import { newId } from '../../kernel/id.ts';
import { requireCall } from '../calls/index.ts';
import { type Act, type ActReply, type ActRequest, type Acts, requireActor } from '../enforcement/index.ts';
import { selectSessions } from '../media/index.ts';
import { callerUserId, type LoadedPolicy } from '../policy/index.ts';
import { requireUser, userResponse } from '../users/index.ts';
import { demandMayAsk, missingPermissions, requestResponses } from './permission-request.ts';
import {
  addRequest,
  expireRequests,
  type PermissionRequestRow,
  pendingRequests,
} from './permission-requests.store.ts';

interface Input {
  cid: CallCid;
  permissions: readonly Requestable[];
  /** Who asks: required with a server token, absent or the token's user with a user token. */
  user_id?: UserId;
}

/**
 * Asks for permissions in a call: one row each, told to those who watch. What is held already has no row; asking
 * again answers the pending row; with nothing new there is no event. 201 with rows, 200 when everything is held.
 */
export function requestPermission(
  acts: Acts,
  request: ActRequest,
  input: Input,
): Promise<ActReply<{ permission_requests: PermissionRequestResponse[] }>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    const asker = askerOf(act, input.user_id);
    await act.tx.lock(`pair:${cid}/${asker}`);
    await requireCall(act.tx, cid);
    if (act.caller.kind === 'server') await requireActor(act.tx, act.policy, asker);
    const { missing, endedAt } = await permissionsToAsk(act, asker, input);

    if (endedAt !== null) await expireRequests(act.tx, { cid, user_id: asker }, endedAt);
    const pending = await pendingRequests(act.tx, cid, asker);
    const known = pending.filter((row) => missing.some((permission) => permission === row.permission));
    const added = missing
      .filter((permission) => !known.some((row) => row.permission === permission))
      .map((permission) => pendingRow(act, { cid, user_id: asker, permission }, endedAt));
    await Promise.all(added.map((row) => addRequest(act.tx, row)));
    if (added.length > 0) await announce(act, cid, asker, added);
    const rows = [...known, ...added];
    if (rows.length > 0) act.created();
    return { permission_requests: await requestResponses(act.tx, rows, act.now) };
  });
}

function askerOf(act: Act, named: UserId | undefined): UserId {
  const own = callerUserId(act.caller);
  if (act.caller.kind === 'anonymous') throw notAllowed('anonymous users cannot ask for permissions');
  if (own === undefined) {
    if (named === undefined) throw inputError('user_id', 'is required with a server token: who asks');
    return named;
  }
  if (named !== undefined && named !== own)
    throw notAllowed('user_id must be absent or the user of the token');
  return own;
}

async function permissionsToAsk(
  act: Act,
  asker: UserId,
  { cid, permissions }: Input,
): Promise<{ missing: Requestable[]; endedAt: number | null }> {
  const asked = { userId: asker, token: null, address: null };
  const [mine, sessions] = await Promise.all([
    act.callerPolicy(cid),
    selectSessions(act.tx, [{ userId: asker, cid }]),
  ]);
  const policy: LoadedPolicy = mine ?? (await act.policy.inCall(act.tx, asked, cid));
  demandMayAsk(policy, sessions.length > 0);
  return { missing: missingPermissions(policy, permissions), endedAt: policy.facts.call.endedAt };
}

const pendingRow = (
  act: Act,
  asked: { cid: CallCid; user_id: UserId; permission: Requestable },
  endedAt: number | null,
): PermissionRequestRow => ({
  id: newId<PermissionRequestId>(act.now),
  ...asked,
  state: 'pending',
  reason: null,
  answered_by_id: null,
  // Later than the end of the call: what is from before has expired.
  created_at: endedAt === null ? act.now : Math.max(act.now, endedAt + 1),
  answered_at: null,
});

async function announce(
  act: Act,
  cid: CallCid,
  asker: UserId,
  added: readonly PermissionRequestRow[],
): Promise<void> {
  const permissions = added.map((row) => row.permission);
  const user = await requireUser(act.tx, asker);
  act.audit({
    action: 'permission_request.create',
    cid,
    asId: act.caller.kind === 'server' ? asker : null,
    target: { type: 'user', id: asker },
    after: { pending: permissions, ids: added.map((row) => row.id) },
  });
  act.event({
    type: 'call.permission_request',
    cid,
    audience: { watchers: true, users: [asker] },
    payload: {
      user: userResponse(user, act.now),
      permissions,
      permission_requests: await requestResponses(act.tx, added, act.now),
    },
  });
}
