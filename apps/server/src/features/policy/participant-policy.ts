import {
  BASE_ROLES as BASE_ROLE_NAMES,
  CAPABILITIES,
  type Capability,
  type Requestable,
  type RoleName,
} from '@callgate/contract';
import { endOf, isClosedBackstage, isEnded } from './call-times.ts';
import { effectiveRoles, heldCapabilities } from './held-capabilities.ts';
import { type KindState, kindStates } from './kinds.ts';
import { personRefusal } from './person-refusal.ts';
import type { CallFacts, PersonFacts, PolicyFacts } from './policy-facts.ts';
import type { RefusalReason } from './refusal-reason.ts';

/** What a person may do in a call now. `null`: allowed; otherwise the first reason that refuses. */
export interface ParticipantPolicy {
  /** To get, watch and list the call. */
  readRefusal: RefusalReason | null;
  /** To join anew; asked with `facts.hidden`: to join hidden. */
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
export const BASE_ROLES: ReadonlySet<string> = new Set(BASE_ROLE_NAMES);

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
  const kinds = kindStates(facts.call.settings);
  const held = heldCapabilities(facts, roles, kinds);
  const shutOut = shutOutReason(facts);
  const banned = bannedReason(facts.person);
  const entry = entryRefusal(facts, held);
  return {
    readRefusal: shutOut ?? (held.has('read-call') ? null : 'no_capability'),
    joinRefusal: shutOut ?? banned ?? entry ?? (facts.hidden ? null : seatRefusal(facts.call)),
    stayRefusal: shutOut ?? banned ?? sessionRefusal(facts) ?? entry,
    createRefusal: shutOut ?? banned,
    capabilities: visibleCapabilities(held, shutOut, banned),
    kinds,
    roles,
  };
}

/** Reasons that leave nothing of the call: neither joining nor reading. */
function shutOutReason(facts: PolicyFacts): RefusalReason | null {
  const { app, call, participation, person } = facts;
  const personal = personRefusal(person, facts.token, facts);
  if (personal !== null) return personal;
  if (isOffToken(facts)) return 'not_on_token';
  if (app.multiTenant && !isSameTeam(person.teams, call.team)) return 'team';
  if (participation.blocked) return 'blocked';
  return participation.bannedHere ? 'banned_here' : null;
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
  if (!held.has('join-call') || (facts.hidden && !held.has('join-hidden'))) return 'no_capability';
  if (isEnded(facts) && !held.has('join-ended-call')) return 'ended';
  return isClosedBackstage(facts) && !held.has('join-backstage') ? 'backstage' : null;
}

/** Hidden participants take no seat and need none. */
const seatRefusal = (call: CallFacts): RefusalReason | null => {
  const limit = call.settings.limits.max_participants;
  return limit !== null && call.seatsTaken >= limit ? 'full' : null;
};

/** Seats are not asked again; sessions from before the end or of an older epoch are over for everybody. */
function sessionRefusal(facts: PolicyFacts): RefusalReason | null {
  const { session, participation } = facts;
  if (!session) return null;
  if (session.epoch < participation.epoch) return 'kicked';
  const end = endOf(facts);
  return end !== null && session.createdAt <= end ? 'ended' : null;
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
