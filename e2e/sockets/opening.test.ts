import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CREDENTIALS } from '../model/world.ts';
import { openSocket } from './socket-client.ts';
import { CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';
import { statusOfUpgrade } from './upgrade.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());

    /** How a socket with that first message ends: the error that it is told, and the code. */
    const refused = async (first: object | string, query?: Record<string, string>) => {
      const socket = await openSocket(world.url(query), first);
      const { code } = await socket.closed;
      const [said] = socket.messages;
      return { code, type: said?.type, error: said?.error as { code: number; message: string } };
    };

    const upgrade = (path: string, headers: Record<string, string>) =>
      statusOfUpgrade(`${world.baseUrl}${path}`, headers);

    test('[SOC1] pages of other origins, other hosts and other paths are refused before the upgrade', async () => {
      const path = new URL(world.url()).pathname + new URL(world.url()).search;
      expect(await upgrade(path, { origin: 'https://evil.example' })).toBe(403);
      expect(await upgrade(path, { host: 'evil.example' })).toBe(421);
      expect(await upgrade('/api/v2/video/other', {})).toBe(404);
      expect(await upgrade(path, {})).toBe(101);
      expect(await upgrade(path, { origin: world.baseUrl })).toBe(101);
    });

    test('[SOC2] a first message that is not one is told what is wrong with it', async () => {
      expect(await refused('nonsense')).toMatchObject({
        code: 4001,
        type: 'connection.error',
        error: { code: 4 },
      });
      const missing = await refused({});
      expect(missing).toMatchObject({ code: 4001, error: { code: 4 } });
      expect(missing.error.message).toContain('token: is required');
      const extra = await refused({ token: world.token('sara'), colour: 'red' });
      expect(extra.error.message).toContain('colour');
      const long = await openSocket(world.url(), JSON.stringify({ token: 'x'.repeat(40_000) }));
      expect((await long.closed).code).toBe(1009);
    });

    test('[SOC2] a socket that says nothing is closed after 5 s', { timeout: 20_000 }, async () => {
      const started = performance.now();
      const silent = await openSocket(world.url(), undefined);
      expect((await silent.closed).code).toBe(4001);
      expect(performance.now() - started).toBeGreaterThan(4_500);
    });

    test('[SOC3] keys and tokens are refused as by a request', async () => {
      const token = world.token('sara');
      expect(await refused({ token }, { api_key: 'wrong' })).toMatchObject({
        code: 4001,
        error: { code: 2 },
      });
      expect(await refused({ token: `${token}x` })).toMatchObject({ code: 4001, error: { code: 43 } });
      const expired = world.token('sara', { exp: Math.floor(world.clock.now() / 1000) - 1 });
      expect(await refused({ token: expired })).toMatchObject({ code: 4009, error: { code: 40 } });
      const server = world.token('sara', { server: true, user_id: undefined });
      expect(await refused({ token: server })).toMatchObject({ code: 4003, error: { code: 17 } });
      const anonymous = { api_key: CREDENTIALS.apiKey, 'stream-auth-type': 'anonymous' };
      expect(await refused({ token }, anonymous)).toMatchObject({ code: 4003, error: { code: 17 } });
    });

    test('[SOC4] the deactivated, the deleted and banned addresses get 4003', async () => {
      const server = world.as(null);
      await server('POST', '/api/v2/users/sara/deactivate', {});
      await server('POST', '/api/v2/users/delete', { user_ids: ['john'] });
      for (const who of ['sara', 'john']) {
        expect(await refused({ token: world.token(who) })).toMatchObject({ code: 4003, error: { code: 17 } });
      }
      await server('PATCH', '/api/v2/app', { ip_bans: { include_private: true } });
      const ban = { target_user_id: 'john', ip_ban: true, ip_ranges: ['127.0.0.1/32'] };
      await server('POST', '/api/v2/moderation/ban', { ...ban, target_user_id: 'mary' });
      expect(await refused({ token: world.token('nobody') })).toMatchObject({ code: 4003 });
      await world.connect('mo');
    });

    test('[SOC5] connection.ok shows the person, who is made when not there yet', async () => {
      const socket = await world.connect('newcomer');
      const [ok] = socket.messages;
      expect(ok).toMatchObject({
        type: 'connection.ok',
        resumed: false,
        me: { id: 'newcomer', role: 'user' },
      });
      expect(ok?.connection_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(ok?.cursor).toMatch(/^[\w-]{22}$/);
    });

    test('[SOC6] the profile that comes along is written, a role or another person is refused', async () => {
      const token = world.token('sara');
      const role = await refused({ token, user: { id: 'sara', name: 'Root', role: 'admin' } });
      expect(role.error.message).toContain('user.role');
      expect(await refused({ token, user: { id: 'john', name: 'Root' } })).toMatchObject({ code: 4003 });
      const socket = await world.connect('sara', {
        user: { id: 'sara', name: 'Sara', custom: { colour: 'red' } },
      });
      expect(socket.messages[0]).toMatchObject({
        me: { name: 'Sara', role: 'user', custom: { colour: 'red' } },
      });
      expect((await world.as('john')('GET', CALL)).status).toBe(200);
    });

    test('[SOC7] a person has at most 20 sockets', async () => {
      for (let count = 0; count < 20; count++) await world.connect('sara');
      expect(await refused({ token: world.token('sara') })).toMatchObject({ code: 1013, error: { code: 9 } });
      await world.connect('john');
    });

    test('[SOC7] an address has at most 100 sockets that have not said who they are', async () => {
      const silent = await Promise.all(Array.from({ length: 100 }, () => openSocket(world.url(), undefined)));
      expect(await refused({ token: world.token('sara') })).toMatchObject({ code: 1013, error: { code: 9 } });
      await Promise.all(silent.map((socket) => socket.close()));
      await expect
        .poll(() =>
          world.connect('sara').then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    });
  });
}
