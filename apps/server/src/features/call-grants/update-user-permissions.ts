import type { CallCid, Capability, UserId } from '@callgate/contract';
import { requireCall } from '../calls/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
  demandOutranksInCall,
} from '../enforcement/index.ts';
import { answerPending } from '../permission-requests/index.ts';
import { callerUserId } from '../policy/index.ts';
import { actorField, requireUser, userResponse } from '../users/index.ts';
import { changesOf, demandGrantable, type GrantChange, requestableOf } from './call-grant.ts';
import { grantsOf, setGrant } from './call-grants.store.ts';

interface Input {
  cid: CallCid;
  user_id: UserId;
  grant_permissions?: readonly Capability[];
  revoke_permissions?: readonly Capability[];
}

/**
 * Grants or revokes permissions of one person in one call, until changed again; the person's pending requests for
 * them are answered. Needs `update-call-permissions` and a higher rank. When all of it was said before it is the
 * same 200 with no event.
 */
export function updateUserPermissions(
  acts: Acts,
  request: ActRequest,
  input: Input,
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id } = input;
    await act.tx.lock(`pair:${cid}/${user_id}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'update-call-permissions');
    const changes = changesOf(input.grant_permissions, input.revoke_permissions);
    const by = callerUserId(act.caller) ?? null;
    const [user, actor] = await Promise.all([requireUser(act.tx, user_id), actorField(act, by)]);
    await demandOutranksInCall(act, mine, { cid, user_id });
    demandGrantable(mine, changes);

    const before = new Map((await grantsOf(act.tx, cid, user_id)).map((row) => [row.capability, row.state]));
    const changed = changes.filter(({ capability, state }) => before.get(capability) !== state);
    const stamp = { cid, user_id, changed_by_id: by, changed_at: act.now };
    await Promise.all(changed.map((change) => setGrant(act.tx, { ...stamp, ...change })));
    const answered = await answerRequests(act, input, changes);
    if (changed.length === 0 && answered === 0) return {};
    act.audit({
      action: 'call.permissions',
      cid,
      target: { type: 'user', id: user_id },
      before: Object.fromEntries(
        changed.map(({ capability }) => [capability, before.get(capability) ?? null]),
      ),
      after: {
        ...Object.fromEntries(changed.map(({ capability, state }) => [capability, state])),
        ...(answered > 0 && { answered_requests: answered }),
      },
    });
    await announce(act, input, { user: userResponse(user, act.now), ...actor });
    act.enforce({ userId: user_id, cid });
    return {};
  });
}

/** Granting grants the matching requests, revoking denies them; resolves with how many there were. */
async function answerRequests(
  act: Act,
  { cid, user_id }: Input,
  changes: readonly GrantChange[],
): Promise<number> {
  const pair = { cid, user_id };
  const given = { by: callerUserId(act.caller) ?? null, at: act.now };
  const granted = await answerPending(act.tx, pair, requestableOf(changes, 'granted'), {
    ...given,
    state: 'granted',
  });
  const denied = await answerPending(act.tx, pair, requestableOf(changes, 'revoked'), {
    ...given,
    state: 'denied',
  });
  return granted.length + denied.length;
}

/** Tells the person and those who watch what the person may do now. */
async function announce(act: Act, { cid, user_id }: Input, people: object): Promise<void> {
  const now = await act.policy.inCall(act.tx, { userId: user_id, token: null, address: null }, cid);
  act.event({
    type: 'call.permissions_updated',
    cid,
    audience: { watchers: true, users: [user_id] },
    payload: {
      ...people,
      own_capabilities: [...now.capabilities].sort(),
    },
  });
}
