import { createHmac } from 'node:crypto';
import type { CallCid, RoleName } from '@callgate/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testEngines } from '../storage/test-databases.ts';
import { API_SECRET, createHttpWorld, type HttpWorld } from './test/http-world.ts';

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token made by hand, so that it can be wrong in any way. */
function forged(
  payload: unknown,
  header: object = { alg: 'HS256', typ: 'JWT' },
  secret = API_SECRET,
): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: HttpWorld;
    beforeAll(async () => {
      world = await createHttpWorld(engine, { env: { CALLGATE_RATE_LIMIT_ADDRESS: '0' } });
    });
    afterAll(() => world.close());

    const seconds = () => Math.floor(world.clock.now() / 1000);
    const answer = async (token: string | null, headers: Record<string, string> = {}) => {
      const { status, json } = await world.call('POST', '/api/v2/users/query', { token, body: {}, headers });
      return [status, json.code];
    };
    const create = (id: string, fields: object = {}) =>
      world.call('POST', '/api/v2/users', { body: { users: { [id]: { id, ...fields } } } });
    const audits = async (action: string) => {
      const { json } = await world.call('GET', '/api/v2/moderation/logs', { query: { action } });
      return json.logs as { action: string }[];
    };

    test('[HTP15] a missing or wrong key is 401, code 2', async () => {
      for (const apiKey of [null, '', 'test-keyy', 'test-ke', 'test-kez', 'test-ké', 'TEST-KEY']) {
        const { status, json } = await world.call('GET', '/api/v2/app', { apiKey });
        expect([status, json.code]).toEqual([401, 2]);
      }
      const twice = await world.call('GET', '/api/v2/app?api_key=test-key');
      expect([twice.status, twice.json.code]).toEqual([401, 2]);
    });

    test('[TOK7] the role call-member of a token means call_member', async () => {
      const grants = { user: ['read-call', 'create-call'], call_member: ['join-call'] };
      await world.call('POST', '/api/v2/video/calltypes', { body: { name: 'members_only', grants } });
      const path = '/api/v2/video/call/members_only/board';
      await create('chair');
      await create('invited');
      await world.call('POST', path, { body: { data: { created_by_id: 'chair' } } });
      const callCids = ['members_only:board' as CallCid];
      const join = (role: string) =>
        world.call('POST', `${path}/join`, {
          token: world.userToken('invited', { callCids, role: role as RoleName }),
          body: {},
        });
      expect((await join('call-members')).json.code).toBe(17);
      expect((await join('call-member')).status).toBe(201);
      expect((await join('call_member')).status).toBe(201);
    });

    test('[HTP16] a missing or unreadable token, or an unknown kind, is 401, code 5', async () => {
      expect(await answer(null)).toEqual([401, 5]);
      expect(await answer('Bearer ')).toEqual([401, 5]);
      for (const token of ['nonsense', 'a.b.c', 'a.b', '{}', `${'x'.repeat(9000)}`, '..']) {
        expect([token.slice(0, 9), await answer(token)]).toEqual([token.slice(0, 9), [401, 5]]);
      }
      expect(await answer(world.serverToken(), { 'stream-auth-type': 'basic' })).toEqual([401, 5]);
    });

    test('[HTP16] the token may be bare or after Bearer', async () => {
      expect((await answer(world.serverToken()))[0]).toBe(200);
      expect((await answer(`Bearer ${world.serverToken()}`, { 'stream-auth-type': 'jwt' }))[0]).toBe(200);
    });

    test('[HTP17] another secret or algorithm is 401, code 43', async () => {
      const claims = { server: true };
      expect(await answer(forged(claims, undefined, 'another secret entirely'))).toEqual([401, 43]);
      expect(await answer(`${forged(claims)}x`)).toEqual([401, 43]);
      expect(await answer(`${encoded({ alg: 'none' })}.${encoded(claims)}.`)).toEqual([401, 43]);
      for (const alg of ['none', 'HS384', 'HS512', 'RS256', 'ES256', 'hs256', '']) {
        const [status, code] = await answer(forged(claims, { alg, typ: 'JWT' }));
        expect([alg, status]).toEqual([alg, 401]);
        expect([5, 43]).toContain(code);
      }
    });

    test('[HTP18] exp has no tolerance, nbf and iat have 5 seconds', async () => {
      const now = seconds();
      expect(await answer(forged({ server: true, exp: now }))).toEqual([401, 40]);
      expect((await answer(forged({ server: true, exp: now + 1 })))[0]).toBe(200);
      expect(await answer(forged({ server: true, nbf: now + 6 }))).toEqual([401, 41]);
      expect((await answer(forged({ server: true, nbf: now + 5 })))[0]).toBe(200);
      expect(await answer(forged({ server: true, iat: now + 6 }))).toEqual([401, 42]);
      expect(await answer(forged({ server: true, iat: 'yesterday' }))).toEqual([401, 42]);
      expect((await answer(forged({ server: true, iat: now + 5 })))[0]).toBe(200);
    });

    test('[HTP18] a remembered token runs out by the server’s clock', async () => {
      const token = forged({ server: true, exp: seconds() + 60 });
      expect((await answer(token))[0]).toBe(200);
      world.clock.advance(60_000);
      expect(await answer(token)).toEqual([401, 40]);
    });

    test('[HTP17] a token that differs in one character from a remembered one is 401', async () => {
      const token = world.serverToken();
      expect((await answer(token))[0]).toBe(200);
      for (const at of [0, token.indexOf('.') + 5, token.length - 10, token.length - 1]) {
        // Another half of the alphabet: the last two bits of the last character are padding.
        const letter = /[A-Za-f]/.test(token.charAt(at)) ? 'g' : 'A';
        const other = `${token.slice(0, at)}${letter}${token.slice(at + 1)}`;
        expect([at, (await answer(other))[0]]).toEqual([at, 401]);
      }
      expect((await answer(token))[0]).toBe(200);
    });

    test.each([
      {},
      { server: false },
      { server: 'true' },
      { server: 1 },
      { server: true, user_id: 'sara' },
      { user_id: 5 },
      { user_id: '' },
      { user_id: 'a b' },
      { user_id: 'x'.repeat(256) },
      { user_id: ['sara'] },
      { user_id: 'sara', call_cids: 'default:a' },
      { user_id: 'sara', call_cids: ['nonsense'] },
      { user_id: 'sara', call_cids: Array(101).fill('default:a') },
      { user_id: 'sara', role: 5 },
      { user_id: 'sara', role: 'a b' },
      { user_id: 'sara', exp: 'never' },
      { user_id: 'sara', nbf: -1 },
    ])('[HTP19] the claims %j are 401, code 5', async (claims) => {
      expect(await answer(forged(claims))).toEqual([401, 5]);
    });

    test('[HTP19] unknown claims are ignored', async () => {
      await create('sara');
      const claims = { user_id: 'sara', iss: 'x', sub: 'user/sara', validity_in_seconds: 60, admin: true };
      expect((await answer(forged(claims)))[0]).toBe(200);
    });

    test('[HTP20] a token from before the date of revocation, or without a date, is 401, code 5', async () => {
      await create('rosa');
      const old = world.userToken('rosa');
      const undated = forged({ user_id: 'rosa' });
      world.clock.advance(10_000);
      const set = (date: string | null) =>
        world.call('PATCH', '/api/v2/users', {
          body: { users: [{ id: 'rosa', set: { revoke_tokens_issued_before: date } }] },
        });
      await set(new Date(world.clock.now()).toISOString());
      expect(await answer(old)).toEqual([401, 5]);
      expect(await answer(undated)).toEqual([401, 5]);
      expect((await answer(world.userToken('rosa')))[0]).toBe(200);
      await set(null);
      expect((await answer(old))[0]).toBe(200);
    });

    test('[HTP21] a deactivated user gets 403, code 17; after reactivation all is well', async () => {
      await create('dora');
      await world.call('POST', '/api/v2/users/dora/deactivate');
      expect(await answer(world.userToken('dora'))).toEqual([403, 17]);
      await world.call('POST', '/api/v2/users/dora/reactivate');
      expect((await answer(world.userToken('dora')))[0]).toBe(200);
    });

    test('[HTP21] a deleted user gets 403, code 17 and is not made again', async () => {
      await create('dele');
      await world.call('POST', '/api/v2/users/delete', { body: { user_ids: ['dele'] } });
      expect(await answer(world.userToken('dele'))).toEqual([403, 17]);
    });

    test('[HTP21] anonymous callers get 403, code 17 while they are off', async () => {
      expect(await answer(null, { 'stream-auth-type': 'anonymous' })).toEqual([403, 17]);
    });

    test('[HTP22] the first request makes the user with the role user, once, with one audit record', async () => {
      const token = forged({ user_id: 'newcomer', role: 'admin', iat: seconds() });
      const both = await Promise.all([answer(token), answer(token)]);
      expect(both.map(([status]) => status)).toEqual([200, 200]);
      const { json } = await world.call('POST', '/api/v2/users/query', {
        body: { filter_conditions: { id: 'newcomer' } },
      });
      expect(json.users).toMatchObject([{ id: 'newcomer', role: 'user' }]);
      expect(await audits('user.create')).toHaveLength(1);
    });

    test('[HTP22] ids that only the server makes are 403, code 17', async () => {
      expect(await answer(world.userToken('guest-1'))).toEqual([403, 17]);
      expect(await answer(world.userToken('anonymous-1'))).toEqual([403, 17]);
    });

    test('[HTP24] an operation for server tokens answers user tokens 403 before it looks at the body', async () => {
      const { status, json } = await world.call('POST', '/api/v2/users', {
        token: world.userToken('sara'),
        raw: 'nonsense',
      });
      expect([status, json.code]).toEqual([403, 17]);
    });

    test('[HTP22] with multi-tenancy on no user is made, [HTP23] anonymous callers send no user’s token', async () => {
      const patch = (body: object) => world.call('PATCH', '/api/v2/app', { body });
      await patch({ multi_tenant_enabled: true });
      expect(await answer(world.userToken('stranger'))).toEqual([403, 17]);
      await patch({ multi_tenant_enabled: false, anonymous_users: { enabled: true } });
      const anonymous = { 'stream-auth-type': 'anonymous' };
      expect(await answer(world.userToken('sara'), anonymous)).toEqual([401, 5]);
      expect(await answer(world.serverToken(), anonymous)).toEqual([401, 5]);
      const cids = ['default:a' as CallCid];
      const call = forged({ call_cids: cids, role: 'viewer' as RoleName });
      // The operation is not for anonymous callers: they were let in and stopped there.
      expect(await answer(call, anonymous)).toEqual([403, 17]);
    });
  });
}
