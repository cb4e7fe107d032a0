import type { CallCid, UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import { type Act, rankOfTarget, requireActor } from '../enforcement/index.ts';
import { callerUserId, demandOutranks, type PersonFacts, refusal } from '../policy/index.ts';
import { type Asking, callerPerson, demandSameTeam } from '../users/index.ts';
import { BAN_RANK } from './ban.ts';

/**
 * The person behind a user token that may ban: an application role of rank 300 or more (admin, moderator), in good
 * standing; otherwise 403/17. Undefined for server tokens.
 */
export async function demandBanner(asking: Asking): Promise<PersonFacts | undefined> {
  if (asking.caller.kind === 'server') return undefined;
  const person = await callerPerson(asking);
  if (person.banned) throw refusal('banned');
  if (person.rank < BAN_RANK)
    throw notAllowed('this needs the application role admin or moderator, or a server token');
  return person;
}

/** 403/17 unless the target is of lower rank, here or in the call, and of one of the caller's teams; 400/4 for oneself. */
export async function demandOutranksTarget(
  act: Act,
  banner: PersonFacts | undefined,
  target: UserId,
  cid: CallCid | undefined,
): Promise<void> {
  if (!banner || banner.id === null) return;
  const asked = { userId: target, token: null, address: null };
  const [person, mine, theirs] = await Promise.all([
    act.policy.person(act.tx, asked),
    cid === undefined ? undefined : act.callerPolicy(cid),
    cid === undefined ? undefined : rankOfTarget(act, cid, target),
  ]);
  const rank = { mine: mine?.rank ?? banner.rank, theirs: theirs ?? person.rank };
  demandOutranks(
    { kind: 'user', id: banner.id, rank: rank.mine },
    { id: target, rank: rank.theirs },
    'target_user_id',
  );
  if (mine?.readRefusal === 'team') throw refusal('team');
  await demandSameTeam(act, banner.teams, person.teams);
}

/**
 * Who is named as the one who bans: the token's user, or an existing person that a server token names
 * (404/16, deactivated 403/17); null: the server. A user token that names somebody else is 403/17.
 */
export async function namedBanner(act: Act, named: UserId | undefined): Promise<UserId | null> {
  const own = callerUserId(act.caller);
  if (own === undefined) {
    if (named !== undefined) await requireActor(act.tx, act.policy, named);
    return named ?? null;
  }
  if (named !== undefined && named !== own)
    throw notAllowed('banned_by_id must be absent or the user of the token');
  return own;
}
