import {
  BUILT_IN_ROLE_NAMES,
  BUILT_IN_ROLES,
  type CallCid,
  type RoleName,
  type UserId,
} from '@callgate/contract';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import type { ParticipationFacts } from './policy-facts.ts';
import { createPolicyReader, type PolicySources, type Standing, type UserFacts } from './policy-reader.ts';
import { factsOf, HERE, NOW, ORDINARY_TOKEN, roleName } from './test-facts.ts';

const SARA = 'sara' as UserId;
const handle: Handle = { engine: 'sqlite', run: async () => [] };
const asked = { userId: SARA, token: ORDINARY_TOKEN, address: null };

/** Sources that know Sara, a user, and one open call. */
function sources(changes: Partial<PolicySources> = {}): PolicySources {
  const { seatsTaken: _, ...call } = factsOf().call;
  return {
    app: async () => ({ multiTenant: false, guests: true, anonymous: true, tokensRevokedBefore: null }),
    rankOf: async () =>
      new Map<RoleName, number>([
        ...BUILT_IN_ROLE_NAMES.map((name) => [roleName(name), BUILT_IN_ROLES[name].rank] as const),
        [roleName('deputy'), 300],
        [roleName('almost'), 299],
      ]),
    user: async (_handle, id) => (id === SARA ? saraAs({}) : undefined),
    standing: async (_handle, id) => (id === SARA ? standing({}) : undefined),
    call: async (_handle, cid) => (cid === HERE ? { ...call, createdById: null } : undefined),
    isAddressBanned: async () => false,
    seatsTaken: async () => 0,
    ...changes,
  };
}
const saraAs = (facts: Partial<UserFacts>): UserFacts => ({
  ...{ id: SARA, role: roleName('user'), teams: [], deactivated: false, deleted: false },
  ...{ expiresAt: null, tokensRevokedBefore: null, ...facts },
});
const standing = (facts: Partial<UserFacts>, here: Partial<ParticipationFacts> = {}): Standing => ({
  user: saraAs(facts),
  banned: false,
  participation: { ...factsOf().participation, ...here },
});
const reader = (changes?: Partial<PolicySources>) => createPolicyReader(sources(changes), { now: () => NOW });

const refused = async (work: Promise<unknown>): Promise<unknown> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof ApiError ? { kind: error.kind, details: error.details } : error;
};

describe('reading the facts', () => {
  it('[PRM26] a call that does not exist is 404 and named', async () => {
    const missing = 'default:gone' as CallCid;
    expect(await refused(reader().inCall(handle, asked, missing))).toEqual({
      kind: 'not_found',
      details: [{ what: 'call', id: missing }],
    });
  });

  it('[PRM26] a person who does not exist is 404 and named', async () => {
    const nobody = { ...asked, userId: 'nobody' as UserId };
    const expected = { kind: 'not_found', details: [{ what: 'user', id: 'nobody' }] };
    expect(await refused(reader().inCall(handle, nobody, HERE))).toEqual(expected);
    expect(await refused(reader().person(handle, nobody))).toEqual(expected);
  });

  it('[PRM1] the creator is host, unless listed with another role', async () => {
    const { seatsTaken: _, ...call } = factsOf().call;
    const byId = (createdById: UserId | null) => async () => ({ ...call, createdById });
    const rolesWith = async (changes: Partial<PolicySources>) =>
      (await reader(changes).inCall(handle, asked, HERE)).roles;
    expect(await rolesWith({ call: byId('john' as UserId) })).toEqual(['user']);
    expect(await rolesWith({ call: byId(SARA) })).toEqual(['user', 'host']);
    const viewer = { standing: async () => standing({}, { memberRole: roleName('viewer') }) };
    expect(await rolesWith({ call: byId(SARA), ...viewer })).toEqual(['user', 'viewer']);
  });

  it('[PRM1] an anonymous caller is nobody’s creator, and no table is asked about them', async () => {
    const fail = async () => {
      throw new Error('asked about nobody');
    };
    const nobody = { userId: null, token: { ...ORDINARY_TOKEN, callCids: [HERE] }, address: null };
    const policy = await reader({ user: fail, standing: fail }).inCall(handle, nobody, HERE);
    expect(policy.roles).toEqual(['anonymous']);
    expect(policy.joinRefusal).toBe(null);
  });

  it.each([
    ['user', 'address_banned'],
    ['host', 'address_banned'],
    ['almost', 'address_banned'],
    ['deputy', null],
    ['moderator', null],
    ['admin', null],
  ])('[PRM18] an address ban meets a %s as %s', async (role, expected) => {
    const grants = { [role]: ['join-call' as const] };
    const { seatsTaken: _, ...call } = factsOf({ call: { grants } }).call;
    const policy = await reader({
      standing: async () => standing({ role: roleName(role) }),
      call: async () => ({ ...call, createdById: null }),
      isAddressBanned: async () => true,
    }).inCall(handle, { ...asked, address: '203.0.113.7' }, HERE);
    expect(policy.joinRefusal).toBe(expected);
  });

  it('[PRM18] a call role exempts nobody from address bans, and no address is no ban', async () => {
    const moderator = { memberRole: roleName('moderator') };
    const changes = { isAddressBanned: async () => true, standing: async () => standing({}, moderator) };
    const from = async (address: string | null) =>
      (await reader(changes).inCall(handle, { ...asked, address }, HERE)).joinRefusal;
    expect(await from('203.0.113.7')).toBe('address_banned');
    expect(await from(null)).toBe(null);
  });

  it.each([
    [null, null, null],
    [null, 5, 5],
    [5, null, 5],
    [5, 9, 9],
    [9, 5, 9],
  ])('[PRM14] of the dates %s and %s the later counts', async (own, ofApp, expected) => {
    const app = { multiTenant: false, guests: true, anonymous: true, tokensRevokedBefore: ofApp };
    const person = await reader({
      app: async () => app,
      standing: async () => standing({ tokensRevokedBefore: own }),
    }).person(handle, asked);
    expect(person.tokensRevokedBefore).toBe(expected);
  });

  it('[PRM24] rank in a call is that of the highest role, the token’s included', async () => {
    const rankWith = async (changes: Partial<PolicySources>, token = ORDINARY_TOKEN) =>
      (await reader(changes).inCall(handle, { ...asked, token }, HERE)).rank;
    expect(await rankWith({})).toBe(0);
    const host = { standing: async () => standing({}, { memberRole: roleName('host') }) };
    expect(await rankWith(host)).toBe(200);
    const token = { ...ORDINARY_TOKEN, callCids: [HERE], role: roleName('moderator') };
    expect(await rankWith(host, token)).toBe(300);
  });

  it('[PRM21] seats are counted only where there is a limit', async () => {
    const fail = async () => {
      throw new Error('counted in vain');
    };
    const policy = await reader({ seatsTaken: fail }).inCall(handle, asked, HERE);
    expect(policy.joinRefusal).toBe(null);
    const { seatsTaken: _, ...call } = factsOf({ settings: { limits: { max_participants: 2 } } }).call;
    const limited = await reader({
      call: async () => ({ ...call, createdById: null }),
      seatsTaken: async () => 2,
    }).inCall(handle, asked, HERE);
    expect(limited.joinRefusal).toBe('full');
  });
});
