import {
  CAPABILITIES,
  type Capability,
  REQUESTABLE,
  type Requestable,
  type RoleName,
  SETTING_OF_KIND,
} from '@callgate/contract';
import type { CallFacts, PersonFacts, PolicyFacts } from './policy-facts.ts';

/** Why somebody may not join, stay or read. The text of each is in `refusal.ts`. */
export type RefusalReason =
  | 'deleted'
  | 'deactivated'
  | 'expired'
  | 'token_revoked'
  | 'guests_off'
  | 'anonymous_off'
  | 'not_on_token'
  | 'team'
  | 'blocked'
  | 'banned'
  | 'banned_here'
  | 'address_banned'
  | 'no_capability'
  | 'ended'
  | 'backstage'
  | 'kicked'
  | 'full';

/** The three states of a kind (api.md 0.1). */
export type KindState = 'off' | 'on' | 'on_request';

/** What a person may do in a call now. `null`: allowed; otherwise the first reason that refuses. */
export interface ParticipantPolicy {
  /** To get, watch and list the call. */
  readRefusal: RefusalReason | null;
  /** To join anew. */
  joinRefusal: RefusalReason | null;
  /** To remain, for a session that is in (asked with `facts.session`). */
  stayRefusal: RefusalReason | null;
  /** To create calls, ring and notify; the `create-call` capability is asked beside it. */
  createRefusal: RefusalReason | null;
  /** `own_capabilities`. */
  capabilities: ReadonlySet<Capability>;
  kinds: Readonly<Record<Requestable, KindState>>;
  /** Application role, call role and token role, those that are there. */
  roles: readonly RoleName[];
}

/** These do not hold a kind that is on request, whatever their grants say (api.md 0.1). */
export const BASE_ROLES: ReadonlySet<string> = new Set([
  'user',
  'call_member',
  'guest',
  'anonymous',
  'viewer',
]);

const ALL: ReadonlySet<Capability> = new Set(CAPABILITIES);
const NONE: ReadonlySet<Capability> = new Set();

/** The policy of a server token: everything, everywhere. */
export const SERVER_POLICY: ParticipantPolicy = {
  readRefusal: null,
  joinRefusal: null,
  stayRefusal: null,
  createRefusal: null,
  capabilities: ALL,
  kinds: { 'send-audio': 'on', 'send-video': 'on', screenshare: 'on' },
  roles: [],
};

/**
 * The one function that answers what a person may do in a call now. Pure: the same facts, the same answer.
 * Rules: docs/spec/permissions.md.
 */
export function participantPolicy(facts: PolicyFacts): ParticipantPolicy {
  const roles = effectiveRoles(facts);
  const kinds = kindStates(facts.call);
  const held = heldCapabilities(facts, roles, kinds);
  const shutOut = shutOutReason(facts);
  const banned = bannedReason(facts.person);
  return {
    readRefusal: shutOut ?? (held.has('read-call') ? null : 'no_capability'),
    joinRefusal: shutOut ?? banned ?? entryRefusal(facts, held) ?? seatRefusal(facts.call),
    stayRefusal: shutOut ?? banned ?? stayRefusal(facts, held),
    createRefusal: shutOut ?? banned,
    capabilities: visibleCapabilities(held, shutOut, banned),
    kinds,
    roles,
  };
}

function effectiveRoles({ person, participation, token, call }: PolicyFacts): RoleName[] {
  const roles = [person.role];
  if (participation.memberRole !== null) roles.push(participation.memberRole);
  if (token?.role && token.callCids?.includes(call.cid)) roles.push(token.role);
  return [...new Set(roles)];
}

/** The state of a kind from its setting alone. */
export function kindState(setting: { enabled: boolean; access_request_enabled: boolean }): KindState {
  if (!setting.enabled) return 'off';
  return setting.access_request_enabled ? 'on_request' : 'on';
}

function kindStates(call: CallFacts): Record<Requestable, KindState> {
  return {
    'send-audio': kindState(call.settings[SETTING_OF_KIND['send-audio']]),
    'send-video': kindState(call.settings[SETTING_OF_KIND['send-video']]),
    screenshare: kindState(call.settings[SETTING_OF_KIND.screenshare]),
  };
}

/** Union of the roles' grants, per-call grants and revocations over it, settings as the last gate. */
function heldCapabilities(
  { call, participation }: PolicyFacts,
  roles: readonly RoleName[],
  kinds: Record<Requestable, KindState>,
): ReadonlySet<Capability> {
  const held = new Set<Capability>();
  for (const role of roles) {
    for (const capability of call.grants[role] ?? []) {
      if (!isWithheld(capability, role, kinds)) held.add(capability);
    }
  }
  for (const capability of participation.granted) held.add(capability);
  for (const capability of participation.revoked) held.delete(capability);
  for (const kind of REQUESTABLE) if (kinds[kind] === 'off') held.delete(kind);
  return held;
}

const isWithheld = (capability: Capability, role: RoleName, kinds: Record<string, KindState>): boolean =>
  kinds[capability] === 'on_request' && BASE_ROLES.has(role);

/** Reasons that leave nothing of the call: neither joining nor reading. */
function shutOutReason(facts: PolicyFacts): RefusalReason | null {
  const { person, participation } = facts;
  if (person.deleted) return 'deleted';
  if (person.deactivated) return 'deactivated';
  if (person.expiresAt !== null && person.expiresAt <= facts.now) return 'expired';
  if (isTokenRevoked(facts)) return 'token_revoked';
  if (person.role === 'guest' && !facts.app.guests) return 'guests_off';
  if (person.role === 'anonymous' && !facts.app.anonymous) return 'anonymous_off';
  if (isOffToken(facts)) return 'not_on_token';
  if (facts.app.multiTenant && !isSameTeam(person.teams, facts.call.team)) return 'team';
  if (participation.blocked) return 'blocked';
  return participation.bannedHere ? 'banned_here' : null;
}

/** A token without `iat` is refused as soon as a date is set (api.md section 1). */
function isTokenRevoked({ person, token }: PolicyFacts): boolean {
  if (token === null || person.tokensRevokedBefore === null) return false;
  return token.issuedAt === null || token.issuedAt < person.tokensRevokedBefore;
}

/** An anonymous person reaches the calls that their token names and no others. */
const isOffToken = ({ person, token, call }: PolicyFacts): boolean =>
  person.role === 'anonymous' && token !== null && !(token.callCids ?? []).includes(call.cid);

/** A user without teams reaches only calls without a team. */
const isSameTeam = (teams: readonly string[], team: string | null): boolean =>
  team === null ? teams.length === 0 : teams.includes(team);

const bannedReason = (person: PersonFacts): RefusalReason | null => {
  if (person.banned) return 'banned';
  return person.addressBanned ? 'address_banned' : null;
};

function entryRefusal(facts: PolicyFacts, held: ReadonlySet<Capability>): RefusalReason | null {
  if (!held.has('join-call')) return 'no_capability';
  if (isEnded(facts) && !held.has('join-ended-call')) return 'ended';
  return isClosedBackstage(facts) && !held.has('join-backstage') ? 'backstage' : null;
}

/** Ended by an act, or its session has run for `max_duration_seconds`. */
export function isEnded({ call, now }: Pick<PolicyFacts, 'call' | 'now'>): boolean {
  if (call.endedAt !== null) return true;
  const limit = call.settings.limits.max_duration_seconds;
  return limit !== null && call.sessionStartedAt !== null && call.sessionStartedAt + limit * 1000 <= now;
}

/** In backstage, and not within `join_ahead_time_seconds` (0: never) of `starts_at`. */
function isClosedBackstage({ call, now }: PolicyFacts): boolean {
  if (!call.backstage) return false;
  const aheadMs = call.settings.backstage.join_ahead_time_seconds * 1000;
  return !(aheadMs > 0 && call.startsAt !== null && now >= call.startsAt - aheadMs);
}

const seatRefusal = (call: CallFacts): RefusalReason | null => {
  const limit = call.settings.limits.max_participants;
  return limit !== null && call.seatsTaken >= limit ? 'full' : null;
};

/** Seats are not asked again; sessions from before the end or of an older epoch are over for everybody. */
function stayRefusal(facts: PolicyFacts, held: ReadonlySet<Capability>): RefusalReason | null {
  const { session, call, participation } = facts;
  if (session && session.epoch < participation.epoch) return 'kicked';
  if (session && call.endedAt !== null && session.createdAt <= call.endedAt) return 'ended';
  return entryRefusal(facts, held);
}

function visibleCapabilities(
  held: ReadonlySet<Capability>,
  shutOut: RefusalReason | null,
  banned: RefusalReason | null,
): ReadonlySet<Capability> {
  if (shutOut) return NONE;
  if (banned) return held.has('read-call') ? new Set<Capability>(['read-call']) : NONE;
  return held;
}
