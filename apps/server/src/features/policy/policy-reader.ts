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

/** A call's row with its type's grants and effective settings, before seats. */
export type CallRowFacts = Omit<CallFacts, 'seatsTaken'> & { createdById: UserId | null };

/**
 * What is stored about a person, and about them in one call: read together, because policy asks for all of it and
 * six statements cost six times one.
 */
export interface Standing {
  user: UserFacts;
  /** Banned in the whole application, in force now. */
  banned: boolean;
  participation: ParticipationFacts;
}

export interface PolicySources {
  app(handle: Handle): Promise<AppFacts>;
  rankOf(handle: Handle): Promise<ReadonlyMap<RoleName, number>>;
  /** The row alone, for those who ask nothing about a call. */
  user(handle: Handle, id: UserId): Promise<UserFacts | undefined>;
  /** `cid` absent: nothing of a call. */
  standing(
    handle: Handle,
    userId: UserId,
    cid: CallCid | undefined,
    now: number,
  ): Promise<Standing | undefined>;
  call(handle: Handle, cid: CallCid): Promise<CallRowFacts | undefined>;
  isAddressBanned(handle: Handle, address: string, now: number): Promise<boolean>;
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
  return {
    sources,
    async person(handle, asked) {
      const now = clock.now();
      const [app, rankOf, standing] = await Promise.all([
        sources.app(handle),
        sources.rankOf(handle),
        standingOf(sources, handle, asked.userId, undefined, now),
      ]);
      const addressBanned = await isFromBanned(
        sources,
        handle,
        asked,
        rankOf.get(standing.user.role) ?? 0,
        now,
      );
      return personFacts(standing, app, rankOf, addressBanned);
    },
    async inCall(handle, asked, cid, session) {
      const now = clock.now();
      const [app, rankOf, call, standing] = await Promise.all([
        sources.app(handle),
        sources.rankOf(handle),
        callFacts(sources, handle, cid),
        standingOf(sources, handle, asked.userId, cid, now),
      ]);
      const addressBanned = await isFromBanned(
        sources,
        handle,
        asked,
        rankOf.get(standing.user.role) ?? 0,
        now,
      );
      const { createdById, ...callRow } = call;
      const { participation } = standing;
      const memberRole =
        participation.memberRole ?? (asked.userId !== null && createdById === asked.userId ? HOST : null);
      const facts: PolicyFacts = {
        now,
        app,
        person: personFacts(standing, app, rankOf, addressBanned),
        token: asked.token,
        call: callRow,
        participation: { ...participation, memberRole },
        ...(session && { session }),
        ...(asked.hidden && { hidden: true }),
      };
      const policy = participantPolicy(facts);
      return { ...policy, facts, rank: highestRank(policy.roles, rankOf) };
    },
  };
}

const HOST = 'host' as RoleName;
const NOTHING_SAID: ReadonlySet<Capability> = new Set();
/** Nobody's: of an anonymous caller who has not joined, nothing is stored. */
const ANONYMOUS = {
  user: {
    id: null,
    role: 'anonymous' as RoleName,
    teams: [],
    deactivated: false,
    deleted: false,
    expiresAt: null,
    tokensRevokedBefore: null,
  },
  banned: false,
  participation: {
    memberRole: null,
    blocked: false,
    bannedHere: false,
    granted: NOTHING_SAID,
    revoked: NOTHING_SAID,
    epoch: 0,
  },
};

/** As `Standing`, of somebody who may have no row yet. */
type AnyStanding = Omit<Standing, 'user'> & { user: Omit<UserFacts, 'id'> & { id: UserId | null } };

/** Throws 404/16 when the user does not exist. */
async function standingOf(
  sources: PolicySources,
  handle: Handle,
  userId: UserId | null,
  cid: CallCid | undefined,
  now: number,
): Promise<AnyStanding> {
  if (userId === null) return ANONYMOUS;
  const standing = await sources.standing(handle, userId, cid, now);
  if (!standing) throw notFound('user', userId);
  return standing;
}

function personFacts(
  { user, banned }: AnyStanding,
  app: AppFacts,
  rankOf: ReadonlyMap<RoleName, number>,
  addressBanned: boolean,
): PersonFacts {
  const rank = rankOf.get(user.role) ?? 0;
  const tokensRevokedBefore = latest(user.tokensRevokedBefore, app.tokensRevokedBefore);
  return { ...user, rank, tokensRevokedBefore, banned, addressBanned };
}

/** Whether the asker's address is banned for somebody of this rank. */
const isFromBanned = async (
  sources: PolicySources,
  handle: Handle,
  { address }: Asked,
  rank: number,
  now: number,
): Promise<boolean> =>
  address !== null && rank < ADDRESS_EXEMPT_RANK && (await sources.isAddressBanned(handle, address, now));

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

/** What a caller brings to a policy question. */
export function askedBy(caller: Exclude<Caller, { kind: 'server' }>, address: string | null): Asked {
  const { issuedAt, callCids, role } = caller.token;
  return {
    userId: caller.kind === 'user' ? caller.userId : null,
    token: { issuedAt, callCids, role },
    address,
  };
}
