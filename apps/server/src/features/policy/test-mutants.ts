import { CAPABILITIES, type Capability, REQUESTABLE } from '@callgate/contract';
import { type ParticipantPolicy, participantPolicy as real } from './participant-policy.ts';
import type {
  CallFacts,
  ParticipationFacts,
  PersonFacts,
  PolicyFacts,
  PolicySettings,
} from './policy-facts.ts';
import type { Decide } from './test-compare.ts';

/* Test support: the policy with one fault each. Every one must be caught by the comparison with the document. */

type Change = (facts: PolicyFacts) => PolicyFacts;

const person =
  (of: (facts: PolicyFacts) => Partial<PersonFacts>): Change =>
  (facts) => ({
    ...facts,
    person: { ...facts.person, ...of(facts) },
  });
const participation =
  (of: (facts: PolicyFacts) => Partial<ParticipationFacts>): Change =>
  (facts) => ({
    ...facts,
    participation: { ...facts.participation, ...of(facts) },
  });
const call =
  (of: (facts: PolicyFacts) => Partial<CallFacts>): Change =>
  (facts) => ({
    ...facts,
    call: { ...facts.call, ...of(facts) },
  });
const settings = (of: (settings: PolicySettings) => Partial<PolicySettings>): Change =>
  call(({ call: { settings } }) => ({ settings: { ...settings, ...of(settings) } }));
const after =
  (change: Change): Decide =>
  (facts) =>
    real(change(facts));
const withResult =
  (change: (policy: ParticipantPolicy, facts: PolicyFacts) => Partial<ParticipantPolicy>): Decide =>
  (facts) => {
    const policy = real(facts);
    return { ...policy, ...change(policy, facts) };
  };
const NOBODY: ReadonlySet<Capability> = new Set();

/** Each with what it does wrong. */
export const MUTANTS: readonly { fault: string; decide: Decide }[] = [
  { fault: 'ignores revocations', decide: after(participation(() => ({ revoked: NOBODY }))) },
  { fault: 'ignores per-call grants', decide: after(participation(() => ({ granted: NOBODY }))) },
  {
    fault: 'lets a grant beat a revocation',
    decide: after(
      participation(({ participation: { granted, revoked } }) => ({
        revoked: new Set([...revoked].filter((name) => !granted.has(name))),
      })),
    ),
  },
  {
    fault: 'does not withhold a kind on request from base roles',
    decide: after(settings(({ audio }) => ({ audio: { ...audio, access_request_enabled: false } }))),
  },
  {
    fault: 'asks the settings before the grants',
    decide: withResult(({ capabilities, createRefusal }, { participation: { granted, revoked } }) => {
      if (createRefusal !== null) return {};
      const kinds = REQUESTABLE.filter((kind) => granted.has(kind) && !revoked.has(kind));
      return { capabilities: new Set([...capabilities, ...kinds]) };
    }),
  },
  {
    fault: 'takes viewers for no base role',
    decide: after((facts) =>
      facts.person.role === 'viewer'
        ? settings(({ video }) => ({ video: { ...video, access_request_enabled: false } }))(facts)
        : facts,
    ),
  },
  {
    fault: 'lets the call role replace the application role',
    decide: after(
      person(({ person: { role }, participation: { memberRole } }) => ({ role: memberRole ?? role })),
    ),
  },
  {
    fault: 'takes the token’s role everywhere',
    decide: after((facts) =>
      facts.token?.role && facts.token.callCids
        ? { ...facts, token: { ...facts.token, callCids: [...facts.token.callCids, facts.call.cid] } }
        : facts,
    ),
  },
  {
    fault: 'lets guests hold create-call',
    decide: withResult(({ capabilities, createRefusal }, { participation: { granted } }) =>
      createRefusal === null && granted.has('create-call')
        ? { capabilities: new Set([...capabilities, 'create-call']) }
        : {},
    ),
  },
  {
    fault: 'lets banned people join',
    decide: withResult(({ joinRefusal }) => (joinRefusal === 'banned' ? { joinRefusal: null } : {})),
  },
  {
    fault: 'lets banned people stay',
    decide: withResult(({ stayRefusal }) => (stayRefusal === 'banned' ? { stayRefusal: null } : {})),
  },
  {
    fault: 'keeps banned people from reading',
    decide: withResult(({ readRefusal, joinRefusal }) =>
      readRefusal === null && joinRefusal === 'banned' ? { readRefusal: 'banned' } : {},
    ),
  },
  {
    fault: 'leaves banned people their capabilities',
    decide: withResult((_, facts) =>
      facts.person.banned
        ? { capabilities: real(person(() => ({ banned: false }))(facts)).capabilities }
        : {},
    ),
  },
  { fault: 'ignores address bans', decide: after(person(() => ({ addressBanned: false }))) },
  {
    fault: 'exempts moderators of the call from address bans',
    decide: after(person(({ person: p }) => (p.role === 'moderator' ? { addressBanned: false } : {}))),
  },
  {
    fault: 'lets blocked people read',
    decide: withResult(({ readRefusal }) => (readRefusal === 'blocked' ? { readRefusal: null } : {})),
  },
  { fault: 'ignores bans on this call', decide: after(participation(() => ({ bannedHere: false }))) },
  { fault: 'ignores deletion', decide: after(person(() => ({ deleted: false }))) },
  {
    fault: 'tells of a block before a deactivation',
    decide: withResult(({ readRefusal }, facts) =>
      facts.participation.blocked && readRefusal === 'deactivated' ? { readRefusal: 'blocked' } : {},
    ),
  },
  {
    fault: 'lets guests stay a millisecond too long',
    decide: after(person(({ person: p }) => ({ expiresAt: p.expiresAt === null ? null : p.expiresAt + 1 }))),
  },
  {
    fault: 'accepts a token without iat after a revocation',
    decide: after((facts) =>
      facts.token?.issuedAt === null ? person(() => ({ tokensRevokedBefore: null }))(facts) : facts,
    ),
  },
  {
    fault: 'refuses a token that was issued at the very date',
    decide: after(
      person(({ person: p }) => ({
        tokensRevokedBefore: p.tokensRevokedBefore === null ? null : p.tokensRevokedBefore + 1,
      })),
    ),
  },
  {
    fault: 'lets anonymous people into calls that their token does not name',
    decide: withResult((_, facts) =>
      facts.person.role === 'anonymous' && facts.token ? real({ ...facts, token: null }) : {},
    ),
  },
  {
    fault: 'keeps people with an account to the calls of their call token',
    decide: withResult(({ joinRefusal }, { token, call: { cid } }) =>
      joinRefusal === null && token?.callCids && !token.callCids.includes(cid)
        ? { joinRefusal: 'not_on_token' }
        : {},
    ),
  },
  {
    fault: 'lets people with a team into calls without one',
    decide: after(call(({ call: c, person: p }) => ({ team: c.team ?? p.teams[0] ?? null }))),
  },
  {
    fault: 'asks for teams without multi-tenancy',
    decide: (facts) => real({ ...facts, app: { ...facts.app, multiTenant: true } }),
  },
  {
    fault: 'lets a full call take one more',
    decide: after(call(({ call: c }) => ({ seatsTaken: c.seatsTaken - 1 }))),
  },
  {
    fault: 'removes people from a call that is full',
    decide: withResult(({ joinRefusal, stayRefusal }) =>
      joinRefusal === 'full' && stayRefusal === null ? { stayRefusal: 'full' } : {},
    ),
  },
  {
    fault: 'lets everybody hide',
    decide: withResult(({ joinRefusal }, facts) =>
      facts.hidden &&
      joinRefusal === 'no_capability' &&
      real({ ...facts, hidden: false }).joinRefusal === null
        ? { joinRefusal: null }
        : {},
    ),
  },
  {
    fault: 'lets hidden people stay who may not hide any more',
    decide: withResult((_, facts) => ({ stayRefusal: real({ ...facts, hidden: false }).stayRefusal })),
  },
  {
    fault: 'lets hidden people publish',
    decide: withResult((_, facts) => ({ capabilities: real({ ...facts, hidden: false }).capabilities })),
  },
  { fault: 'ignores kicks', decide: after(participation(() => ({ epoch: 0 }))) },
  {
    fault: 'refuses sessions of the same epoch',
    decide: after(participation(({ participation: { epoch } }) => ({ epoch: epoch + 1 }))),
  },
  {
    fault: 'lets holders of join-ended-call stay after the end',
    decide: after((facts) =>
      facts.session ? { ...facts, session: { ...facts.session, createdAt: facts.now + 1 } } : facts,
    ),
  },
  {
    fault: 'lets the timer run a millisecond too long',
    decide: after(
      call(({ call: c }) => ({
        sessionStartedAt: c.sessionStartedAt === null ? null : c.sessionStartedAt + 1,
      })),
    ),
  },
  {
    fault: 'never opens before the start',
    decide: after(settings(({ backstage }) => ({ backstage: { ...backstage, join_ahead_time_seconds: 0 } }))),
  },
  {
    fault: 'keeps a backstage that is switched off',
    decide: after(settings(({ backstage }) => ({ backstage: { ...backstage, enabled: true } }))),
  },
  {
    fault: 'lets everybody see everything in development',
    decide: withResult(({ capabilities }) =>
      capabilities.has('start-record-call') ? { capabilities: new Set(CAPABILITIES) } : {},
    ),
  },
];
