import { CAPABILITIES } from '@callgate/contract';
import { HERE, NOW, ORDINARY_TOKEN, roleName, type Situation, setOf } from './test-facts.ts';

/*
 * Test support: every fact that the policy reads, each with two situations that differ in it alone and in the answer.
 * Whoever changes one of these facts must name the sessions concerned (`act.enforce`).
 */

const backstage: Situation = {
  call: { backstage: true, startsAt: NOW + 1000 },
  settings: { backstage: { enabled: true } },
};
const callToken = { callCids: [HERE], role: roleName('host') };
const timed: Situation = {
  settings: { limits: { max_duration_seconds: 60 } },
  call: { sessionStartedAt: NOW - 60_000 },
};
const ended = { endedAt: NOW - 10 };

/** `path` of the fact in `PolicyFacts` -> the two situations. */
export const POLICY_INPUTS = {
  now: [
    { person: { expiresAt: NOW + 1 }, now: NOW },
    { person: { expiresAt: NOW + 1 }, now: NOW + 1 },
  ],
  'app.multiTenant': [{ call: { team: 'a' } }, { call: { team: 'a' }, app: { multiTenant: true } }],
  'app.guests': [
    { person: { role: roleName('guest') } },
    { person: { role: roleName('guest') }, app: { guests: false } },
  ],
  'app.anonymous': [
    { person: { role: roleName('anonymous') }, token: null },
    { person: { role: roleName('anonymous') }, token: null, app: { anonymous: false } },
  ],
  'person.role': [{}, { person: { role: roleName('admin') } }],
  'person.teams': [{ app: { multiTenant: true } }, { app: { multiTenant: true }, person: { teams: ['a'] } }],
  'person.deactivated': [{}, { person: { deactivated: true } }],
  'person.deleted': [{}, { person: { deleted: true } }],
  'person.expiresAt': [{}, { person: { expiresAt: NOW } }],
  'person.tokensRevokedBefore': [{}, { person: { tokensRevokedBefore: NOW } }],
  'person.banned': [{}, { person: { banned: true } }],
  'person.addressBanned': [{}, { person: { addressBanned: true } }],
  'token.issuedAt': [
    { person: { tokensRevokedBefore: ORDINARY_TOKEN.issuedAt } },
    { person: { tokensRevokedBefore: ORDINARY_TOKEN.issuedAt }, token: { issuedAt: null } },
  ],
  'token.callCids': [{ token: { ...callToken, callCids: null } }, { token: callToken }],
  'token.role': [{ token: { ...callToken, role: null } }, { token: callToken }],
  'call.cid': [{ token: callToken }, { token: callToken, call: { cid: 'default:other' as typeof HERE } }],
  'call.team': [{ app: { multiTenant: true } }, { app: { multiTenant: true }, call: { team: 'a' } }],
  'call.settings.audio.enabled': [{}, { settings: { audio: { enabled: false } } }],
  'call.settings.audio.access_request_enabled': [
    {},
    { settings: { audio: { access_request_enabled: true } } },
  ],
  'call.settings.video.enabled': [{}, { settings: { video: { enabled: false } } }],
  'call.settings.video.access_request_enabled': [
    {},
    { settings: { video: { access_request_enabled: true } } },
  ],
  'call.settings.screensharing.enabled': [{}, { settings: { screensharing: { enabled: false } } }],
  'call.settings.screensharing.access_request_enabled': [
    {},
    { settings: { screensharing: { access_request_enabled: true } } },
  ],
  'call.settings.backstage.enabled': [
    { ...backstage, settings: { backstage: { enabled: false } } },
    backstage,
  ],
  'call.settings.backstage.join_ahead_time_seconds': [
    backstage,
    { ...backstage, settings: { backstage: { enabled: true, join_ahead_time_seconds: 1 } } },
  ],
  'call.settings.limits.max_participants': [
    { call: { seatsTaken: 2 } },
    { call: { seatsTaken: 2 }, settings: { limits: { max_participants: 2 } } },
  ],
  'call.settings.limits.max_duration_seconds': [{ call: timed.call ?? {} }, timed],
  'call.grants': [{}, { call: { grants: { user: CAPABILITIES } } }],
  'call.backstage': [{ ...backstage, call: { backstage: false, startsAt: NOW + 1000 } }, backstage],
  'call.startsAt': [
    { ...backstage, settings: { backstage: { enabled: true, join_ahead_time_seconds: 1 } } },
    {
      call: { backstage: true, startsAt: NOW + 1001 },
      settings: { backstage: { enabled: true, join_ahead_time_seconds: 1 } },
    },
  ],
  'call.endedAt': [{}, { call: ended }],
  'call.sessionStartedAt': [{ ...timed, call: { sessionStartedAt: null } }, timed],
  'call.seatsTaken': [
    { settings: { limits: { max_participants: 2 } }, call: { seatsTaken: 1 } },
    { settings: { limits: { max_participants: 2 } }, call: { seatsTaken: 2 } },
  ],
  'participation.memberRole': [{}, { participation: { memberRole: roleName('host') } }],
  'participation.blocked': [{}, { participation: { blocked: true } }],
  'participation.bannedHere': [{}, { participation: { bannedHere: true } }],
  'participation.granted': [{}, { participation: { granted: setOf('end-call') } }],
  'participation.revoked': [{}, { participation: { revoked: setOf('send-audio') } }],
  'participation.epoch': [
    { session: { epoch: 0, createdAt: NOW } },
    { session: { epoch: 0, createdAt: NOW }, participation: { epoch: 1 } },
  ],
  'session.epoch': [
    { session: { epoch: 0, createdAt: NOW }, participation: { epoch: 1 } },
    { session: { epoch: 1, createdAt: NOW }, participation: { epoch: 1 } },
  ],
  'session.createdAt': [
    { person: { role: roleName('admin') }, call: ended, session: { epoch: 0, createdAt: NOW - 10 } },
    { person: { role: roleName('admin') }, call: ended, session: { epoch: 0, createdAt: NOW - 9 } },
  ],
  hidden: [{}, { hidden: true }],
} as const satisfies Record<string, readonly [Situation, Situation]>;

/** Carried for those who ask: who it is, and whom they may act on. The policy itself does not read them. */
export const NOT_READ: readonly string[] = ['person.id', 'person.rank'];
