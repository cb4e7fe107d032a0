import { type CallCid, LIMITS, type UserId } from '@callgate/contract';
import { inputError, notAllowed, notSupported } from '../../kernel/errors.ts';
import { requireCall } from '../calls/index.ts';
import {
  type Act,
  type ActReply,
  type ActRequest,
  type Acts,
  demandCapability,
  demandOutranksInCall,
  requireActor,
} from '../enforcement/index.ts';
import { sessionsOfCall } from '../media/index.ts';
import { callerUserId, type LoadedPolicy } from '../policy/index.ts';
import { flagsOf, kindsToMute, type MuteKinds } from './mute.ts';
import { addMutes } from './mutes.store.ts';

export interface MuteInput extends MuteKinds {
  cid: CallCid;
  /** Everybody in the call now but `muted_by_id`; wins over `user_ids`. */
  mute_all_users?: boolean;
  user_ids?: readonly UserId[];
  muted_by_id?: UserId;
}

/**
 * Mutes people who are in the call now: one durable record per person and kind, which only the person's own unmute
 * clears. People who are not in the call, and kinds that are muted already, are passed over; when nothing is left it
 * is the same 200 with no event. Needs `mute-users`; people named in `user_ids` must be of lower rank.
 */
export function muteUsers(acts: Acts, request: ActRequest, input: MuteInput): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    await act.tx.lock(`call:${cid}`);
    const [, mine] = await Promise.all([requireCall(act.tx, cid), act.callerPolicy(cid)]);
    demandCapability(mine, 'mute-users');
    const kinds = kindsToMute(input);
    const by = await muterOf(act, input.muted_by_id);
    const people = await peopleToMute(act, mine, input, by);

    const rows = people.flatMap((user_id) =>
      kinds.map((kind) => ({ cid, user_id, kind, muted_by_id: by, muted_at: act.now })),
    );
    const added = await addMutes(act.tx, rows);
    if (added.length === 0) return {};
    const user_ids = [...new Set(added.map((row) => row.user_id))];
    const [only] = user_ids;
    act.audit({
      action: 'call.mute',
      cid,
      asId: act.caller.kind === 'server' ? by : null,
      target: user_ids.length === 1 && only ? { type: 'user', id: only } : { type: 'call', id: cid },
      after: { muted: added.map(({ user_id, kind }) => ({ user_id, kind })) },
    });
    act.event({
      type: 'call.user_muted',
      cid,
      audience: { watchers: true, users: user_ids },
      payload: { user_ids, ...(by && { muted_by_id: by }), ...flagsOf(kinds) },
    });
    act.enforce(...user_ids.map((userId) => ({ userId, cid })));
    return {};
  });
}

/** Who mutes: the token's user, or whom a server token names (null: the server). */
async function muterOf(act: Act, named: UserId | undefined): Promise<UserId | null> {
  const own = callerUserId(act.caller);
  if (own) {
    if (named !== undefined && named !== own)
      throw notAllowed('muted_by_id must be absent or the user of the token');
    return own;
  }
  if (named === undefined) return null;
  await requireActor(act.tx, act.policy, named);
  return named;
}

async function peopleToMute(
  act: Act,
  mine: LoadedPolicy | undefined,
  input: MuteInput,
  by: UserId | null,
): Promise<UserId[]> {
  const here = new Set((await sessionsOfCall(act.tx, input.cid)).map((session) => session.user_id));
  if (input.mute_all_users) return [...here].filter((id) => id !== by);
  const named = [...new Set(input.user_ids ?? [])];
  if (named.length === 0) throw inputError('user_ids', 'name whom to mute, or set mute_all_users to true');
  if (named.length > LIMITS.bulkUserIdsNow) throw notSupported('more than 100 user_ids');
  const present = named.filter((id) => here.has(id));
  await demandOutranksAll(act, mine, input.cid, named);
  return present;
}

/** Each named person that exists must be of lower rank than a user token's person. */
async function demandOutranksAll(
  act: Act,
  mine: LoadedPolicy | undefined,
  cid: CallCid,
  named: readonly UserId[],
): Promise<void> {
  if (!mine) return;
  for (const user_id of named) {
    if (!(await act.policy.sources.user(act.tx, user_id))) continue;
    await demandOutranksInCall(act, mine, { cid, user_id }, 'user_ids');
  }
}
