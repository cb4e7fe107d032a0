import {
  BUILT_IN_CALL_TYPE_NAMES,
  BUILT_IN_CALL_TYPES,
  BUILT_IN_ROLE_NAMES,
  CAPABILITIES,
  type Capability,
  REQUESTABLE,
  SETTING_OF_KIND,
} from '@callgate/contract';
import type { PolicyFacts } from './policy-facts.ts';
import {
  ELSEWHERE,
  factsOf,
  HERE,
  NOW,
  ORDINARY_TOKEN,
  roleName,
  type Situation,
  setOf,
} from './test-facts.ts';

/* Test support: every situation there is, in slices that are enumerated whole, and all pairs of the rest. */

/** One thing that can be one way or another. */
export type Dimension = readonly Situation[];
export type Slice = { name: string; dimensions: readonly Dimension[] };

const SECTIONS = ['app', 'person', 'call', 'participation'] as const;

/** Both situations at once; what the second says of the same field wins. Sets of capabilities are united. */
export function both(a: Situation, b: Situation): Situation {
  const merged: Situation = { ...a, ...b };
  for (const section of SECTIONS) {
    if (a[section] && b[section]) Object.assign(merged, { [section]: { ...a[section], ...b[section] } });
  }
  if (a.settings && b.settings) merged.settings = settingsOfBoth(a.settings, b.settings);
  if (a.participation && b.participation) {
    for (const list of ['granted', 'revoked'] as const) {
      const [first, second] = [a.participation[list], b.participation[list]];
      if (first && second)
        merged.participation = { ...merged.participation, [list]: new Set([...first, ...second]) };
    }
  }
  return merged;
}

type Settings = NonNullable<Situation['settings']>;

function settingsOfBoth(a: Settings, b: Settings): Settings {
  const merged = { ...a, ...b };
  for (const section of Object.keys(b) as (keyof typeof b)[]) {
    Object.assign(merged, { [section]: { ...a[section], ...b[section] } });
  }
  return merged;
}

/** Every combination of one value of each dimension. */
export function* product(dimensions: readonly Dimension[], base: Situation = {}): Generator<PolicyFacts> {
  const [first, ...rest] = dimensions;
  if (!first) {
    yield factsOf(base);
    return;
  }
  for (const value of first) yield* product(rest, both(base, value));
}

const PANELIST: readonly Capability[] = [
  'join-call',
  'read-call',
  'create-call',
  'send-audio',
  'screenshare',
];
const MEMBERS_ONLY: Record<string, readonly Capability[]> = {
  user: ['read-call', 'create-call'],
  call_member: ['join-call', 'read-call', 'send-audio', 'send-video', 'screenshare', 'send-data'],
  host: CAPABILITIES,
  panelist: PANELIST,
};

export const TYPES: Dimension = [
  ...BUILT_IN_CALL_TYPE_NAMES.map((type) => ({
    type,
    call: { grants: { ...BUILT_IN_CALL_TYPES[type].grants, panelist: PANELIST } },
  })),
  { call: { grants: MEMBERS_ONLY } },
];
export const ROLES: Dimension = [...BUILT_IN_ROLE_NAMES, 'panelist', 'constructor'].map((role) => ({
  person: { role: roleName(role) },
}));
const MEMBER_ROLES: Dimension = [null, 'host', ...BUILT_IN_ROLE_NAMES, 'panelist'].map((role) => ({
  participation: { memberRole: role === null ? null : roleName(role) },
}));
const KIND_STATES: readonly Dimension[] = REQUESTABLE.map((kind) =>
  [
    { enabled: false, access_request_enabled: true },
    { enabled: true, access_request_enabled: false },
    { enabled: true, access_request_enabled: true },
  ].map((setting) => ({ settings: { [SETTING_OF_KIND[kind]]: setting } })),
);
const said = (capability: Capability): Dimension => [
  {},
  { participation: { granted: setOf(capability) } },
  { participation: { revoked: setOf(capability) } },
];
const KIND_GRANTS = REQUESTABLE.map(said);
const some = (dimension: Dimension, ...names: string[]): Dimension =>
  dimension.filter(({ person }) => names.includes(String(person?.role)));

const flag = (of: (value: boolean) => Situation): Dimension => [of(false), of(true)];
const DELETED = flag((deleted) => ({ person: { deleted } }));
const DEACTIVATED = flag((deactivated) => ({ person: { deactivated } }));
const EXPIRES: Dimension = [null, NOW - 1, NOW, NOW + 1].map((expiresAt) => ({ person: { expiresAt } }));
const REVOKED: Dimension = [null, 0, 1].map((later) => ({
  person: { tokensRevokedBefore: later === null ? null : (ORDINARY_TOKEN.issuedAt ?? 0) + later },
}));
const BANNED = flag((banned) => ({ person: { banned } }));
const BANNED_HERE = flag((bannedHere) => ({ participation: { bannedHere } }));
const BLOCKED = flag((blocked) => ({ participation: { blocked } }));
const ADDRESS = flag((addressBanned) => ({ person: { addressBanned } }));
const EPOCHS: Dimension = [
  {},
  { session: { epoch: 0, createdAt: NOW - 5 }, participation: { epoch: 1 } },
  { session: { epoch: 1, createdAt: NOW - 5 }, participation: { epoch: 1 } },
];
const TOKENS: Dimension = [
  { token: null },
  { token: {} },
  { token: { issuedAt: null } },
  { token: { callCids: [] } },
  { token: { callCids: [HERE] } },
  { token: { callCids: [ELSEWHERE] } },
  { token: { callCids: [ELSEWHERE, HERE], role: roleName('host') } },
  { token: { callCids: [ELSEWHERE], role: roleName('host') } },
  { token: { callCids: null, role: roleName('host') } },
];
const ENDS: Dimension = [
  {},
  { call: { endedAt: NOW - 5 } },
  { call: { endedAt: NOW - 4 } },
  ...[NOW - 9999, NOW - 10_000, NOW - 10_004, NOW - 10_006].map((sessionStartedAt) => ({
    call: { sessionStartedAt },
    settings: { limits: { max_duration_seconds: 10 } },
  })),
  { settings: { limits: { max_duration_seconds: 10 } } },
];
const backstage = (startsAt: number | null, ahead: number, enabled = true): Situation => ({
  call: { backstage: true, startsAt },
  settings: { backstage: { enabled, join_ahead_time_seconds: ahead } },
});
const BACKSTAGE: Dimension = [
  { call: { backstage: false }, settings: { backstage: { enabled: true, join_ahead_time_seconds: 0 } } },
  backstage(null, 0),
  backstage(null, 60),
  backstage(NOW + 60_000, 60),
  backstage(NOW + 60_001, 60),
  backstage(NOW - 1, 0),
  backstage(null, 0, false),
];
const SEATS: Dimension = [null, 3, 2].map((max_participants) => ({
  settings: { limits: { max_participants } },
  call: { seatsTaken: 2 },
}));
const HIDDEN: Dimension = [{}, { hidden: true }];
const SESSIONS: Dimension = [...EPOCHS, { session: { epoch: 0, createdAt: NOW - 4 } }];
const ENTRY_SAID: Dimension = [
  {},
  ...(['join-call', 'read-call', 'join-ended-call', 'join-backstage', 'join-hidden'] as const).flatMap(
    (name) => said(name).slice(1),
  ),
];
const TEAMS: Dimension = [[], ['a'], ['b'], ['a', 'b']].map((teams) => ({ person: { teams } }));
const TEAM: Dimension = [{ call: { team: null } }, { call: { team: 'a' } }];
const TENANTS = flag((multiTenant) => ({ app: { multiTenant } }));
const GUESTS = flag((guests) => ({ app: { guests } }));
const ANONYMOUS = flag((anonymous) => ({ app: { anonymous } }));
const CREATES: Dimension = [
  ...said('create-call'),
  { participation: { granted: setOf('create-call'), revoked: setOf('create-call') } },
];

/** Enumerated whole. The cheap ones first. */
export const SLICES: readonly Slice[] = [
  {
    name: 'visitors, tokens and teams',
    dimensions: [
      some(ROLES, 'user', 'guest', 'anonymous', 'admin'),
      ...[GUESTS, ANONYMOUS, TENANTS, TEAMS, TEAM, TOKENS, BLOCKED, CREATES],
    ],
  },
  {
    name: 'standing of the person',
    dimensions: [
      some(ROLES, 'user', 'moderator', 'guest'),
      ...[DELETED, DEACTIVATED, EXPIRES, REVOKED, TOKENS.slice(0, 3), BANNED, BANNED_HERE, BLOCKED],
      ...[ADDRESS, EPOCHS],
    ],
  },
  {
    name: 'state of the call',
    dimensions: [
      some(ROLES, 'user', 'admin', 'host', 'speaker', 'constructor'),
      ...[ENDS, BACKSTAGE, SEATS, HIDDEN, SESSIONS, ENTRY_SAID],
    ],
  },
  {
    name: 'application and call roles',
    dimensions: [ROLES, MEMBER_ROLES, TYPES, ...KIND_STATES.slice(2), ...KIND_GRANTS.slice(2), HIDDEN],
  },
  {
    name: 'roles, types, kinds and per-call grants',
    dimensions: [ROLES, MEMBER_ROLES.slice(0, 2), TYPES, ...KIND_STATES, ...KIND_GRANTS],
  },
];

/** Everything there is, for the pairs. */
export const EVERYTHING: readonly Dimension[] = [
  ...[
    ROLES,
    MEMBER_ROLES,
    TYPES,
    ...KIND_STATES,
    ...KIND_GRANTS,
    DELETED,
    DEACTIVATED,
    EXPIRES,
    REVOKED,
    BANNED,
  ],
  ...[
    BANNED_HERE,
    BLOCKED,
    ADDRESS,
    SESSIONS,
    TOKENS,
    ENDS,
    BACKSTAGE,
    SEATS,
    HIDDEN,
    ENTRY_SAID,
    TEAMS,
    TEAM,
  ],
  ...[TENANTS, GUESTS, ANONYMOUS, CREATES],
];
