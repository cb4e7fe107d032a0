import { KIND_NEEDS, type TrackKind } from '@callgate/contract';
import { policyOfSession } from '../calls/index.ts';
import { type ActReply, type ActRequest, type Acts, demandCapability } from '../enforcement/index.ts';
import type { MediaSessionRow } from '../media/index.ts';
import { requireUser, userResponse } from '../users/index.ts';
import { flagsOf } from './mute.ts';
import { removeMute } from './mutes.store.ts';

/**
 * A person unmutes themselves: the one thing that clears the record of a mute (api.md 0.6). Asked by the door when a
 * client says so; 403/17 for who may not send that kind. Not muted: nothing happens.
 */
export function unmuteOneself(
  acts: Acts,
  request: ActRequest,
  { session, kind }: { session: MediaSessionRow; kind: TrackKind },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, user_id } = session;
    await act.tx.lock(`call:${cid}`);
    const [user, mine] = await Promise.all([
      requireUser(act.tx, user_id),
      policyOfSession(act.tx, act.policy, session),
    ]);
    for (const capability of KIND_NEEDS[kind]) demandCapability(mine, capability);

    if (!(await removeMute(act.tx, { cid, user_id, kind }))) return {};
    act.audit({
      action: 'call.unmute',
      cid,
      asId: user_id,
      target: { type: 'user', id: user_id },
      before: { muted: [kind] },
      after: { muted: [] },
    });
    act.event({
      type: 'call.user_unmuted',
      cid,
      audience: { watchers: true, users: [user_id] },
      payload: { user: userResponse(user, act.now), ...flagsOf([kind]) },
    });
    return {};
  });
}
