import { describe, expect, it } from 'vitest';
import { participantPolicy } from './participant-policy.ts';
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
import { both } from './test-slices.ts';

const policyOf = (...situations: Situation[]) =>
  participantPolicy(factsOf(situations.reduce((sum, next) => both(sum, next), {})));
const as = (role: string): Situation => ({ person: { role: roleName(role) } });
const ISSUED = ORDINARY_TOKEN.issuedAt ?? 0;

describe('roles of a person', () => {
  const token = { callCids: [ELSEWHERE, HERE], role: roleName('speaker') };
  it('[PRM1] are the application’s, the call’s and the token’s, each once', () => {
    expect(policyOf(as('user')).roles).toEqual(['user']);
    const member = { participation: { memberRole: roleName('host') } };
    expect(policyOf(as('user'), member, { token }).roles).toEqual(['user', 'host', 'speaker']);
    expect(policyOf(as('speaker'), { token }).roles).toEqual(['speaker']);
  });

  it('[PRM1] the token’s counts in the calls that it names only', () => {
    expect(policyOf({ token: { ...token, callCids: [ELSEWHERE] } }).roles).toEqual(['user']);
    expect(policyOf({ token: { ...token, callCids: null } }).roles).toEqual(['user']);
  });
});

describe('hidden people', () => {
  const hidden = { hidden: true };
  const session = { session: { epoch: 0, createdAt: NOW - 1 } };
  it('[PRM8] need join-hidden, to join and to stay', () => {
    const refused = policyOf(as('host'), hidden, session);
    expect([refused.joinRefusal, refused.stayRefusal]).toEqual(['no_capability', 'no_capability']);
    const lost = policyOf(as('moderator'), hidden, session, {
      participation: { revoked: setOf('join-hidden') },
    });
    expect([lost.joinRefusal, lost.stayRefusal]).toEqual(['no_capability', 'no_capability']);
    const welcome = policyOf(as('moderator'), hidden, session);
    expect([welcome.joinRefusal, welcome.stayRefusal]).toEqual([null, null]);
  });

  it('[PRM8] publish nothing, even what they were granted', () => {
    const granted = setOf('send-audio', 'send-video', 'screenshare', 'send-data');
    const { capabilities } = policyOf(as('admin'), hidden, { participation: { granted } });
    expect([...granted].filter((name) => capabilities.has(name))).toEqual([]);
    expect(capabilities.has('mute-users')).toBe(true);
  });

  it('[PRM21] take no seat and need none', () => {
    const full = { settings: { limits: { max_participants: 2 } }, call: { seatsTaken: 2 } };
    expect(policyOf(as('admin'), full).joinRefusal).toBe('full');
    expect(policyOf(as('admin'), full, hidden).joinRefusal).toBe(null);
  });
});

describe('tokens', () => {
  it('[PRM14] issued before the date, or at no time, are refused', () => {
    const at = (before: number, issuedAt: number | null) =>
      policyOf({ person: { tokensRevokedBefore: before }, token: { issuedAt } }).readRefusal;
    expect(at(ISSUED + 1, ISSUED)).toBe('token_revoked');
    expect(at(0, null)).toBe('token_revoked');
    expect(at(ISSUED, ISSUED)).toBe(null);
    expect(policyOf({ token: { issuedAt: null } }).readRefusal).toBe(null);
  });

  it('[PRM14] a person for whom a server token acts has none to refuse', () => {
    expect(policyOf({ person: { tokensRevokedBefore: NOW }, token: null }).readRefusal).toBe(null);
  });

  it('[PRM16] an anonymous person reaches what the token names and nothing else', () => {
    const reach = (token: Situation['token'] & object) => policyOf(as('anonymous'), { token }).joinRefusal;
    expect(reach({ callCids: null })).toBe('not_on_token');
    expect(reach({ callCids: [] })).toBe('not_on_token');
    expect(reach({ callCids: [ELSEWHERE] })).toBe('not_on_token');
    expect(reach({ callCids: [ELSEWHERE, HERE] })).toBe(null);
  });

  it('[PRM16] a call token takes nothing from people with an account', () => {
    for (const role of ['user', 'guest', 'admin'])
      expect(policyOf(as(role), { token: { callCids: [ELSEWHERE] } }).joinRefusal).toBe(null);
  });
});

describe('guests and teams', () => {
  it('[PRM15] guests and anonymous people are refused while they are switched off, each by their own switch', () => {
    const off = (role: string, app: Situation['app'] & object) =>
      policyOf(as(role), { app, token: null }).readRefusal;
    expect(off('guest', { guests: false })).toBe('guests_off');
    expect(off('guest', { anonymous: false })).toBe(null);
    expect(off('anonymous', { anonymous: false })).toBe('anonymous_off');
    expect(off('anonymous', { guests: false })).toBe(null);
    expect(off('user', { guests: false, anonymous: false })).toBe(null);
  });

  it('[PRM15] a guest’s access ends at its time', () => {
    const until = (expiresAt: number) => policyOf(as('guest'), { person: { expiresAt } }).stayRefusal;
    expect(until(NOW)).toBe('expired');
    expect(until(NOW + 1)).toBe(null);
  });

  it('[PRM17] people reach the calls of their teams, and without a team those without one', () => {
    const reach = (multiTenant: boolean, teams: string[], team: string | null) =>
      policyOf({ app: { multiTenant }, person: { teams }, call: { team } }).readRefusal;
    expect(reach(true, [], 'a')).toBe('team');
    expect(reach(true, ['b'], 'a')).toBe('team');
    expect(reach(true, ['a'], null)).toBe('team');
    expect(reach(true, ['b', 'a'], 'a')).toBe(null);
    expect(reach(true, [], null)).toBe(null);
    expect(reach(false, ['b'], 'a')).toBe(null);
    expect(reach(false, ['a'], null)).toBe(null);
  });
});

describe('states of the call', () => {
  const ended = { call: { endedAt: NOW - 10 } };
  const from = (createdAt: number): Situation => ({ session: { epoch: 0, createdAt } });
  it('[PRM19] an ended call is joined by holders of join-ended-call only', () => {
    expect(policyOf(ended).joinRefusal).toBe('ended');
    expect(policyOf(as('host'), ended).joinRefusal).toBe(null);
  });

  it('[PRM19] sessions from before the end are over for everybody, those from after it are not', () => {
    expect(policyOf(as('admin'), ended, from(NOW - 10)).stayRefusal).toBe('ended');
    expect(policyOf(as('admin'), ended, from(NOW - 9)).stayRefusal).toBe(null);
    expect(policyOf(ended, from(NOW - 9)).stayRefusal).toBe('ended');
  });

  it('[PRM19] the timer ends a call to the millisecond, holders of join-ended-call in it too', () => {
    const timer = (ranFor: number): Situation => ({
      settings: { limits: { max_duration_seconds: 60 } },
      call: { sessionStartedAt: NOW - ranFor },
    });
    expect(policyOf(timer(59_999), from(NOW - 5)).stayRefusal).toBe(null);
    expect(policyOf(timer(60_000), from(NOW - 5)).stayRefusal).toBe('ended');
    expect(policyOf(as('admin'), timer(60_000), from(NOW - 5)).stayRefusal).toBe('ended');
    expect(policyOf(as('admin'), timer(60_000)).joinRefusal).toBe(null);
    expect(policyOf(timer(60_000)).joinRefusal).toBe('ended');
  });

  it('[PRM20] backstage opens join_ahead_time_seconds before the start, and never at 0', () => {
    const stage = (startsAt: number | null, ahead: number, enabled = true): Situation => ({
      call: { backstage: true, startsAt },
      settings: { backstage: { enabled, join_ahead_time_seconds: ahead } },
    });
    expect(policyOf(stage(NOW + 60_001, 60)).joinRefusal).toBe('backstage');
    expect(policyOf(stage(NOW + 60_001, 60), from(NOW - 5)).stayRefusal).toBe('backstage');
    expect(policyOf(stage(NOW + 60_000, 60)).joinRefusal).toBe(null);
    expect(policyOf(stage(NOW - 1, 0)).joinRefusal).toBe('backstage');
    expect(policyOf(stage(null, 60)).joinRefusal).toBe('backstage');
    expect(policyOf(as('speaker'), stage(null, 0)).joinRefusal).toBe(null);
    expect(policyOf(stage(null, 0, false)).joinRefusal).toBe(null);
  });

  it('[PRM21] a full call refuses whoever comes, and nobody who is in', () => {
    const seats = (seatsTaken: number): Situation => ({
      settings: { limits: { max_participants: 2 } },
      call: { seatsTaken },
    });
    for (const role of ['user', 'host', 'admin']) {
      expect(policyOf(as(role), seats(2)).joinRefusal).toBe('full');
      expect(policyOf(as(role), seats(3), from(NOW - 5)).stayRefusal).toBe(null);
      expect(policyOf(as(role), seats(1)).joinRefusal).toBe(null);
    }
  });

  it('[PRM22] a session of a lower epoch is over, one of the same is not', () => {
    const raised = { participation: { epoch: 2 } };
    expect(policyOf(raised, { session: { epoch: 1, createdAt: NOW - 5 } }).stayRefusal).toBe('kicked');
    expect(policyOf(raised, { session: { epoch: 2, createdAt: NOW - 5 } }).stayRefusal).toBe(null);
    expect(policyOf(raised).joinRefusal).toBe(null);
  });
});
