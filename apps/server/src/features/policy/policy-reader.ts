import type { CallCid, Capability, RoleName, UserId } from '@callgate/contract';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import type { Caller } from './caller.ts';
import { type ParticipantPolicy, participantPolicy } from './participant-policy.ts';
import type {
  CallFacts,
  ParticipationFacts,
  PersonFacts,
  PolicyFacts,
  SessionFacts,
  TokenFacts,
} from './policy-facts.ts';
import { highestRank } from './rank.ts';

/*
 * What policy needs to know, one small interface per source. The features that own the tables implement them
 * (they stand to the right of this folder) and `app.ts` hands them in: the inversion of design section 5.
 */

export interface AppFacts {
  multiTenant: boolean;
  guests: boolean;
  anonymous: boolean;
  tokensRevokedBefore: number | null;
}

/** A user's row as policy reads it, before bans and ranks. */
export interface UserFacts {
  id: UserId;
  role: RoleName;
  teams: readonly string[];
  deactivated: boolean;
  deleted: boolean;
  expiresAt: number | null;
  tokensRevokedBefore: number | null;
}

/** As `UserFacts`, for somebody who may have no row yet. */
type PersonRow = Omit<UserFacts, 'id'> & { id: UserId | null };

/** A call's row with its type's grants and effective settings, before seats. */
export type CallRowFacts = Omit<CallFacts, 'seatsTaken'> & { createdById: UserId | null };

export interface PolicySources {
  app(handle: Handle): Promise<AppFacts>;
  rankOf(handle: Handle): Promise<ReadonlyMap<RoleName, number>>;
  user(handle: Handle, id: UserId): Promise<UserFacts | undefined>;
  call(handle: Handle, cid: CallCid): Promise<CallRowFacts | undefined>;
  memberRole(handle: Handle, cid: CallCid, userId: UserId): Promise<RoleName | null>;
  isBlocked(handle: Handle, cid: CallCid, userId: UserId): Promise<boolean>;
  /** Bans in force at `now`; `cid` absent: only the application's. */
  bans(
    handle: Handle,
    userId: UserId,
    cid: CallCid | undefined,
    now: number,
  ): Promise<{ app: boolean; call: boolean }>;
  isAddressBanned(handle: Handle, address: string, now: number): Promise<boolean>;
  grants(
    handle: Handle,
    cid: CallCid,
    userId: UserId,
  ): Promise<{ capability: Capability; state: 'granted' | 'revoked' }[]>;
  epoch(handle: Handle, cid: CallCid, userId: UserId): Promise<number>;
  /** Visible sessions that are pending or active. */
  seatsTaken(handle: Handle, cid: CallCid): Promise<number>;
}

/** Whose policy is asked for. */
export interface Asked {
  /** Null: an anonymous caller who has not joined. */
  userId: UserId | null;
  token: TokenFacts | null;
  /** Null: not known or not to count (server tokens). */
  address: string | null;
  /** Asks about joining or staying hidden. (Default: false) */
  hidden?: boolean;
}

/** A person's policy in a call with what it was decided on. */
export interface LoadedPolicy extends ParticipantPolicy {
  facts: PolicyFacts;
  /** Highest rank among the effective roles: what decides whom the person may act on here. */
  rank: number;
}

/** Admins and moderators, and custom roles of their rank, are exempt from address bans (api.md 0.8). */
export const ADDRESS_EXEMPT_RANK = 300;

/** Reads the facts and asks `participantPolicy`; knows no table. */
export interface PolicyReader {
  readonly sources: PolicySources;
  /** Throws 404/16 when the call or the user does not exist. */
  inCall(handle: Handle, asked: Asked, cid: CallCid, session?: SessionFacts): Promise<LoadedPolicy>;
  /** The person outside any call; throws 404/16 when the user does not exist. */
  person(handle: Handle, asked: Asked): Promise<PersonFacts>;
}

export function createPolicyReader(sources: PolicySources, clock: { now(): number }): PolicyReader {
  const person = async (
    handle: Handle,
    asked: Asked,
    now: number,
    cid?: CallCid,
  ): Promise<PersonFacts & { bannedHere: boolean }> => {
    const [app, rankOf, user, bans] = await Promise.all([
      sources.app(handle),
      sources.rankOf(handle),
      asked.userId === null ? ANONYMOUS : sources.user(handle, asked.userId),
      asked.userId === null ? NOT_BANNED : sources.bans(handle, asked.userId, cid, now),
    ]);
    if (!user) throw notFound('user', asked.userId ?? '');
    const rank = rankOf.get(user.role) ?? 0;
    const addressBanned =
      asked.address !== null &&
      rank < ADDRESS_EXEMPT_RANK &&
      (await sources.isAddressBanned(handle, asked.address, now));
    const { tokensRevokedBefore: own, ...rest } = user;
    const tokensRevokedBefore = latest(own, app.tokensRevokedBefore);
    return { ...rest, rank, tokensRevokedBefore, banned: bans.app, bannedHere: bans.call, addressBanned };
  };

  return {
    sources,
    person: (handle, asked) => person(handle, asked, clock.now()),
    async inCall(handle, asked, cid, session) {
      const now = clock.now();
      const [app, { bannedHere, ...who }, call, participation, rankOf] = await Promise.all([
        sources.app(handle),
        person(handle, asked, now, cid),
        callFacts(sources, handle, cid),
        participationFacts(sources, handle, cid, asked.userId),
        sources.rankOf(handle),
      ]);
      const { createdById, ...callRow } = call;
      const memberRole =
        participation.memberRole ?? (asked.userId !== null && createdById === asked.userId ? HOST : null);
      const facts: PolicyFacts = {
        now,
        app,
        person: who,
        token: asked.token,
        call: callRow,
        participation: { ...participation, memberRole, bannedHere },
        ...(session && { session }),
        ...(asked.hidden && { hidden: true }),
      };
      const policy = participantPolicy(facts);
      return { ...policy, facts, rank: highestRank(policy.roles, rankOf) };
    },
  };
}

const HOST = 'host' as RoleName;
const NOT_BANNED = { app: false, call: false };
const ANONYMOUS: PersonRow = {
  id: null,
  role: 'anonymous' as RoleName,
  teams: [],
  deactivated: false,
  deleted: false,
  expiresAt: null,
  tokensRevokedBefore: null,
};

const latest = (a: number | null, b: number | null): number | null =>
  a === null ? b : b === null ? a : Math.max(a, b);

async function callFacts(
  sources: PolicySources,
  handle: Handle,
  cid: CallCid,
): Promise<CallFacts & { createdById: UserId | null }> {
  const call = await sources.call(handle, cid);
  if (!call) throw notFound('call', cid);
  const seatsTaken =
    call.settings.limits.max_participants === null ? 0 : await sources.seatsTaken(handle, cid);
  return { ...call, seatsTaken };
}

async function participationFacts(
  sources: PolicySources,
  handle: Handle,
  cid: CallCid,
  userId: UserId | null,
): Promise<Omit<ParticipationFacts, 'bannedHere'>> {
  if (userId === null)
    return { memberRole: null, blocked: false, granted: new Set(), revoked: new Set(), epoch: 0 };
  const [memberRole, blocked, grants, epoch] = await Promise.all([
    sources.memberRole(handle, cid, userId),
    sources.isBlocked(handle, cid, userId),
    sources.grants(handle, cid, userId),
    sources.epoch(handle, cid, userId),
  ]);
  const having = (state: 'granted' | 'revoked') =>
    new Set(grants.filter((grant) => grant.state === state).map((grant) => grant.capability));
  return { memberRole, blocked, granted: having('granted'), revoked: having('revoked'), epoch };
}

/** What a caller brings to a policy question. */
export function askedBy(caller: Exclude<Caller, { kind: 'server' }>, address: string | null): Asked {
  const { issuedAt, callCids, role } = caller.token;
  return {
    userId: caller.kind === 'user' ? caller.userId : null,
    token: { issuedAt, callCids, role },
    address,
  };
}
