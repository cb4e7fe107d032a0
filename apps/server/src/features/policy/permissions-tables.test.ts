import {
  BUILT_IN_CALL_TYPE_NAMES,
  BUILT_IN_ROLE_NAMES,
  BUILT_IN_ROLES,
  CAPABILITIES,
  type Capability,
} from '@callgate/contract';
import { describe, expect, it, test } from 'vitest';
import { kindState } from './kinds.ts';
import {
  BASE_ROLES,
  type ParticipantPolicy,
  participantPolicy,
  SERVER_POLICY,
} from './participant-policy.ts';
import { factsOf, NOW, ORDINARY_TOKEN, roleName, type Situation, setOf } from './test-facts.ts';
import { both } from './test-slices.ts';
import { tableAfter } from './test-tables.ts';

const isYes = (cell: string | undefined): boolean => {
  if (cell !== 'yes' && cell !== 'no') throw new Error(`a cell says neither yes nor no: ${cell}`);
  return cell === 'yes';
};

describe('kinds', () => {
  test.each(tableAfter('PRM4'))(
    '[PRM4] enabled $enabled, request $access_request_enabled is $state',
    (row) => {
      const setting = {
        enabled: row.enabled === 'true',
        access_request_enabled: row.access_request_enabled === 'true',
      };
      expect(kindState(setting)).toBe(row.state);
    },
  );

  const SETTINGS = {
    off: { enabled: false, access_request_enabled: false },
    on: { enabled: true, access_request_enabled: false },
    on_request: { enabled: true, access_request_enabled: true },
  };
  const KINDS = { 'send-audio': 'audio', 'send-video': 'video', screenshare: 'screensharing' } as const;
  const rows = tableAfter('PRM5').flatMap((row, at) =>
    (Object.keys(KINDS) as (keyof typeof KINDS)[]).map((kind) => ({ number: at + 1, kind, row })),
  );
  test.each(rows)('[PRM5] $kind as in row $number', ({ kind, row }) => {
    for (const [state, setting] of Object.entries(SETTINGS)) {
      const role = isYes(row['base role']) ? 'user' : 'speaker';
      const only = setOf(kind);
      const facts = factsOf({
        person: { role: roleName(role) },
        settings: { [KINDS[kind]]: setting },
        call: { grants: { [role]: isYes(row['role grants it']) ? [kind] : [] } },
        participation: {
          granted: isYes(row['granted to the person']) ? only : setOf(),
          revoked: isYes(row['revoked from the person']) ? only : setOf(),
        },
      });
      expect({ state, holds: participantPolicy(facts).capabilities.has(kind) }).toEqual({
        state,
        holds: isYes(row[state]),
      });
    }
  });

  it('[PRM3] a revocation beats a grant to the person, whichever stands in the facts first', () => {
    const participation = { granted: setOf('send-audio'), revoked: setOf('send-audio') };
    expect(participantPolicy(factsOf({ participation })).capabilities.has('send-audio')).toBe(false);
  });

  it('[PRM6] the base roles are these five, and one other role is enough', () => {
    expect([...BASE_ROLES].sort()).toEqual(['anonymous', 'call_member', 'guest', 'user', 'viewer']);
    for (const role of BUILT_IN_ROLE_NAMES) {
      const grants = { [role]: ['send-audio' as const], user: ['send-audio' as const] };
      const facts = factsOf({
        settings: { audio: SETTINGS.on_request },
        call: { grants },
        participation: { memberRole: roleName(role) },
      });
      expect(participantPolicy(facts).capabilities.has('send-audio')).toBe(!BASE_ROLES.has(role));
    }
  });
});

describe('built-in call types', () => {
  const letters = 'amhucsbvgn';
  const roles = [
    ...['admin', 'moderator', 'host', 'user', 'call_member'],
    ...['speaker', 'broadcaster', 'viewer', 'guest', 'anonymous'],
  ];
  const table = tableAfter('PRM10');

  it('[PRM10] the table speaks of every capability, every role and every type', () => {
    expect(table.map((row) => row.capability).sort()).toEqual([...CAPABILITIES].sort());
    expect([...roles].sort()).toEqual([...BUILT_IN_ROLE_NAMES].sort());
    expect(Object.keys(table[0] ?? {}).slice(1)).toEqual(BUILT_IN_CALL_TYPE_NAMES);
  });

  const cells = table.flatMap((row) => BUILT_IN_CALL_TYPE_NAMES.map((type) => ({ type, row })));
  test.each(cells)('[PRM10] $row.capability in $type', ({ type, row }) => {
    const holders = roles.map((role, at) => {
      const token = role === 'anonymous' ? null : {};
      const facts = factsOf({ type, token, person: { role: roleName(role) } });
      const { capabilities } = participantPolicy(facts);
      return capabilities.has(row.capability as Capability) ? letters[at] : '.';
    });
    expect(holders.join('')).toBe(row[type]);
  });

  it('[PRM7] no grant gives create-call to guests and anonymous people', () => {
    for (const role of ['guest', 'anonymous']) {
      const facts = factsOf({
        person: { role: roleName(role) },
        token: null,
        participation: { memberRole: roleName('host'), granted: setOf('create-call') },
      });
      const { capabilities } = participantPolicy(facts);
      expect(capabilities.has('create-call')).toBe(false);
      expect(capabilities.has('end-call')).toBe(true);
    }
  });

  it('[PRM11] a server token is refused nothing and holds everything', () => {
    const { readRefusal, joinRefusal, stayRefusal, createRefusal, capabilities } = SERVER_POLICY;
    expect([readRefusal, joinRefusal, stayRefusal, createRefusal]).toEqual([null, null, null, null]);
    expect([...capabilities].sort()).toEqual([...CAPABILITIES].sort());
  });
});

/** How to bring each reason about, for an ordinary user with a session. */
const SESSION = { epoch: 0, createdAt: NOW - 5 };
const REASONS: Record<string, Situation> = {
  none: {},
  deleted: { person: { deleted: true } },
  deactivated: { person: { deactivated: true } },
  expired: { person: { expiresAt: NOW } },
  token_revoked: { person: { tokensRevokedBefore: (ORDINARY_TOKEN.issuedAt ?? 0) + 1 } },
  guests_off: { person: { role: roleName('guest') }, app: { guests: false } },
  anonymous_off: { person: { role: roleName('anonymous') }, app: { anonymous: false } },
  not_on_token: { person: { role: roleName('anonymous') } },
  team: { app: { multiTenant: true }, call: { team: 'a' } },
  blocked: { participation: { blocked: true } },
  banned_here: { participation: { bannedHere: true } },
  banned: { person: { banned: true } },
  address_banned: { person: { addressBanned: true } },
  kicked: { participation: { epoch: 1 } },
  no_capability: { call: { grants: {} } },
  ended: { call: { endedAt: NOW - 10 } },
  backstage: { call: { backstage: true }, settings: { backstage: { enabled: true } } },
  full: { settings: { limits: { max_participants: 0 } } },
};
const reached = (reason: string): Situation => {
  const situation = REASONS[reason];
  if (!situation) throw new Error(`no situation for ${reason}`);
  return situation;
};
const answers = (policy: ParticipantPolicy): Record<string, string | null> => ({
  read: policy.readRefusal,
  join: policy.joinRefusal,
  stay: policy.stayRefusal,
  create: policy.createRefusal,
});

describe('states', () => {
  const usual = [...participantPolicy(factsOf()).capabilities].sort();
  const shownAs = { all: usual, none: [], 'read-call': ['read-call'] } as Record<string, string[]>;

  test.each(tableAfter('PRM12'))('[PRM12] $state', (row) => {
    const policy = participantPolicy(factsOf({ ...reached(row.state ?? ''), session: SESSION }));
    const told = Object.fromEntries(
      Object.entries(answers(policy)).map(([verb, reason]) => [verb, reason ?? '-']),
    );
    const { read, join, stay, create } = row;
    expect(told).toEqual({ read, join, stay, create });
    expect([...policy.capabilities].sort()).toEqual(shownAs[row.own_capabilities ?? '']);
  });

  const order = tableAfter('PRM13');
  it('[PRM13] the table counts without a gap and names every reason', () => {
    expect(order.map((row) => Number(row.order))).toEqual(order.map((_, index) => index + 1));
    expect(order.map((row) => row.reason).sort()).toEqual(
      Object.keys(REASONS)
        .filter((reason) => reason !== 'none')
        .sort(),
    );
  });

  test.each(order)('[PRM13] $reason refuses $refuses', ({ reason = '', refuses = '' }) => {
    const policy = participantPolicy(factsOf({ ...reached(reason), session: SESSION }));
    const refused = Object.entries(answers(policy)).flatMap(([verb, found]) => (found ? [verb] : []));
    expect(refused.join(' ')).toBe(refuses);
    expect(new Set(Object.values(answers(policy)).filter(Boolean))).toEqual(new Set([reason]));
  });

  const twos = order.flatMap((first, at) => order.slice(at + 1).map((second) => [first, second] as const));
  it(`[PRM13] of two reasons the first is told, for each of ${twos.length} pairs`, () => {
    let compared = 0;
    for (const [first, second] of twos) {
      const facts = factsOf({
        ...both(reached(second.reason ?? ''), reached(first.reason ?? '')),
        session: SESSION,
      });
      if (!isBoth(facts.person.role, first.reason, second.reason)) continue;
      compared++;
      const told = answers(participantPolicy(facts));
      for (const verb of first.refuses?.split(' ') ?? [])
        expect({ first, verb, told: told[verb] }).toEqual({ first, verb, told: first.reason });
    }
    // All but guests_off with anonymous_off and with not_on_token: nobody is both.
    expect(compared).toBe(twos.length - 2);
  });

  it('[PRM13] a session from before the end is told ended before capabilities are asked', () => {
    const facts = factsOf({
      ...both(reached('no_capability'), reached('ended')),
      session: { ...SESSION, createdAt: NOW - 11 },
    });
    expect(participantPolicy(facts).stayRefusal).toBe('ended');
  });
});

/** Whether a person of this role can be refused for both reasons at once. */
function isBoth(role: string, ...reasons: (string | undefined)[]): boolean {
  if (reasons.includes('guests_off'))
    return role === 'guest' && !reasons.some((name) => /anonymous|not_on/.test(name ?? ''));
  return !reasons.some((name) => name === 'anonymous_off' || name === 'not_on_token') || role === 'anonymous';
}

describe('ranks in the table', () => {
  it('[PRM23] are those of the built-in roles', () => {
    const table = Object.fromEntries(
      tableAfter('PRM23').map((row) => [row.role, { rank: Number(row.rank) }]),
    );
    expect(table).toEqual(BUILT_IN_ROLES);
  });
});
