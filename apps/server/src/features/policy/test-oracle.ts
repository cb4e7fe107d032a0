import { CAPABILITIES, type Capability } from '@callgate/contract';
import type { ParticipantPolicy } from './participant-policy.ts';
import type { PolicyFacts } from './policy-facts.ts';
import type { RefusalReason } from './refusal-reason.ts';

/*
 * Test support: docs/spec/permissions.md a second time, as a list of sentences instead of steps. It shares no code
 * with the policy, so that a mistake in one shows as a difference.
 */

type Verb = 'read' | 'join' | 'stay' | 'create';
type Sentence = readonly [
  reason: RefusalReason,
  refuses: string,
  when: (f: PolicyFacts, verb: Verb) => boolean,
];

const REQUEST_FIRST = ['user', 'call_member', 'guest', 'anonymous', 'viewer'];
const SECTIONS = { 'send-audio': 'audio', 'send-video': 'video', screenshare: 'screensharing' } as const;
type Kind = keyof typeof SECTIONS;
const KINDS = Object.keys(SECTIONS) as Kind[];

const rolesOf = (f: PolicyFacts): string[] => {
  const isNamed = f.token !== null && (f.token.callCids ?? []).some((cid) => cid === f.call.cid);
  const all = [f.person.role, f.participation.memberRole, isNamed ? f.token?.role : null];
  return all.filter(
    (role, at): role is Exclude<typeof role, null | undefined> => !!role && all.indexOf(role) === at,
  );
};

const stateOf = (f: PolicyFacts, kind: Kind): 'off' | 'on' | 'on_request' => {
  const setting = f.call.settings[SECTIONS[kind]];
  if (setting.enabled && setting.access_request_enabled) return 'on_request';
  return setting.enabled ? 'on' : 'off';
};

/** The rows of the table of grants that speak of this person; looked up once per situation. */
const rowsFor = new WeakMap<PolicyFacts, [string, readonly Capability[]][]>();
const grantRows = (f: PolicyFacts): [string, readonly Capability[]][] => {
  const known = rowsFor.get(f) ?? Object.entries(f.call.grants).filter(([name]) => rolesOf(f).includes(name));
  rowsFor.set(f, known);
  return known;
};

const byRole = (f: PolicyFacts, capability: Capability): boolean =>
  grantRows(f).some(([role, capabilities]) => {
    if (!capabilities.includes(capability)) return false;
    const asksFirst = KINDS.some((kind) => kind === capability && stateOf(f, kind) === 'on_request');
    return !(asksFirst && REQUEST_FIRST.includes(role));
  });

/** Whether nothing that can be granted helps. */
const impossible = (f: PolicyFacts, capability: Capability): boolean =>
  KINDS.some((kind) => kind === capability && stateOf(f, kind) === 'off') ||
  (capability === 'create-call' && (f.person.role === 'guest' || f.person.role === 'anonymous')) ||
  (f.hidden === true && ['send-audio', 'send-video', 'screenshare', 'send-data'].includes(capability));

const holds = (f: PolicyFacts, capability: Capability): boolean =>
  !impossible(f, capability) &&
  !f.participation.revoked.has(capability) &&
  (f.participation.granted.has(capability) || byRole(f, capability));

const timerEnd = (f: PolicyFacts): number => {
  const seconds = f.call.settings.limits.max_duration_seconds;
  if (seconds === null || f.call.sessionStartedAt === null) return Number.POSITIVE_INFINITY;
  return f.call.sessionStartedAt + seconds * 1000;
};
const hasEnded = (f: PolicyFacts): boolean => f.call.endedAt !== null || f.now >= timerEnd(f);
const isFromBeforeTheEnd = (f: PolicyFacts): boolean =>
  f.session !== undefined && hasEnded(f) && f.session.createdAt <= (f.call.endedAt ?? timerEnd(f));

const isOpenAhead = (f: PolicyFacts): boolean => {
  const seconds = f.call.settings.backstage.join_ahead_time_seconds;
  return seconds > 0 && f.call.startsAt !== null && f.call.startsAt - f.now <= seconds * 1000;
};

const lacks = (f: PolicyFacts, verb: Verb): boolean => {
  if (verb === 'read') return !holds(f, 'read-call');
  return !holds(f, 'join-call') || (f.hidden === true && !holds(f, 'join-hidden'));
};

const isRevoked = (f: PolicyFacts): boolean => {
  const date = f.person.tokensRevokedBefore;
  return f.token !== null && date !== null && (f.token.issuedAt ?? Number.NEGATIVE_INFINITY) < date;
};

const sharesTeam = (f: PolicyFacts): boolean =>
  f.call.team === null ? f.person.teams.length === 0 : f.person.teams.some((team) => team === f.call.team);

const ALL = 'read join stay create';
const SENTENCES: readonly Sentence[] = [
  ['deleted', ALL, (f) => f.person.deleted],
  ['deactivated', ALL, (f) => f.person.deactivated],
  ['expired', ALL, (f) => f.person.expiresAt !== null && f.now >= f.person.expiresAt],
  ['token_revoked', ALL, isRevoked],
  ['guests_off', ALL, (f) => f.person.role === 'guest' && !f.app.guests],
  ['anonymous_off', ALL, (f) => f.person.role === 'anonymous' && !f.app.anonymous],
  [
    'not_on_token',
    ALL,
    (f) => f.person.role === 'anonymous' && f.token !== null && !f.token.callCids?.includes(f.call.cid),
  ],
  ['team', ALL, (f) => f.app.multiTenant && !sharesTeam(f)],
  ['blocked', ALL, (f) => f.participation.blocked],
  ['banned_here', ALL, (f) => f.participation.bannedHere],
  ['banned', 'join stay create', (f) => f.person.banned],
  ['address_banned', 'join stay create', (f) => f.person.addressBanned],
  ['kicked', 'stay', (f) => f.session !== undefined && f.participation.epoch > f.session.epoch],
  ['ended', 'stay', isFromBeforeTheEnd],
  ['no_capability', 'read join stay', lacks],
  ['ended', 'join stay', (f) => hasEnded(f) && !holds(f, 'join-ended-call')],
  [
    'backstage',
    'join stay',
    (f) =>
      f.call.backstage && f.call.settings.backstage.enabled && !isOpenAhead(f) && !holds(f, 'join-backstage'),
  ],
  [
    'full',
    'join',
    (f) =>
      !f.hidden && f.call.seatsTaken >= (f.call.settings.limits.max_participants ?? Number.POSITIVE_INFINITY),
  ],
];

const refusalOf = (f: PolicyFacts, verb: Verb): RefusalReason | null =>
  SENTENCES.find(([, refuses, when]) => refuses.split(' ').includes(verb) && when(f, verb))?.[0] ?? null;

const visible = (f: PolicyFacts): Capability[] => {
  const left = refusalOf(f, 'create');
  if (left !== null && left !== 'banned' && left !== 'address_banned') return [];
  return CAPABILITIES.filter((name) => holds(f, name) && (left === null || name === 'read-call'));
};

/** An answer of the policy as one text, for comparing: refusals, capabilities, states, roles. */
export const shown = (policy: ParticipantPolicy): string =>
  [
    `read=${policy.readRefusal} join=${policy.joinRefusal} stay=${policy.stayRefusal} create=${policy.createRefusal}`,
    CAPABILITIES.filter((name) => policy.capabilities.has(name)).join(','),
    KINDS.map((kind) => policy.kinds[kind]).join(','),
    policy.roles.join(','),
  ].join(' | ');

/** What the document says the answer is, in the same form. */
export const expected = (f: PolicyFacts): string =>
  [
    (['read', 'join', 'stay', 'create'] as const).map((verb) => `${verb}=${refusalOf(f, verb)}`).join(' '),
    visible(f).join(','),
    KINDS.map((kind) => stateOf(f, kind)).join(','),
    rolesOf(f).join(','),
  ].join(' | ');
