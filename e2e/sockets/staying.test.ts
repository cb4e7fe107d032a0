import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSocket } from './socket-client.ts';
import { openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());
    const later = async (ms: number) => {
      world.clock.advance(ms);
      await world.services.sockets.tick();
    };

    test('[SOC8] a health.check comes every 30 s; after 60 s of silence the socket is closed', async () => {
      const talking = await world.connect('sara');
      const silent = await openSocket(world.url(), { token: world.token('john') }, { isEchoing: false });
      await later(29_000);
      expect(talking.messages).toHaveLength(1);
      await later(1_000);
      const check = await talking.until(({ type }) => type === 'health.check');
      expect(check).toMatchObject({ connection_id: talking.connectionId, cursor: expect.any(String) });
      await expect.poll(() => world.services.sockets.stats().received).toBe(1);
      await later(30_000);
      const { code } = await silent.closed;
      expect(code).toBe(4008);
      expect(silent.messages.at(-1)).toMatchObject({ type: 'connection.error', error: { code: 23 } });
      expect(world.services.sockets.stats().open).toBe(1);
    });

    test('[SOC9] when the token runs out the socket is closed with 4009', async () => {
      const exp = Math.floor(world.clock.now() / 1000) + 20;
      const socket = await openSocket(world.url(), { token: world.token('sara', { exp }) });
      await later(19_000);
      expect(world.services.sockets.stats().open).toBe(1);
      await later(1_000);
      expect((await socket.closed).code).toBe(4009);
      expect(socket.messages.at(-1)).toMatchObject({ type: 'connection.error', error: { code: 40 } });
    });

    test('[SOC10] deactivation, deletion and revoked tokens close the sockets of the person alone', async () => {
      const server = world.as(null);
      const ends: [string, () => Promise<unknown>, number][] = [
        ['sara', () => server('POST', '/api/v2/users/sara/deactivate', {}), 4003],
        ['john', () => server('POST', '/api/v2/users/delete', { user_ids: ['john'] }), 4003],
        [
          'mary',
          () => {
            world.clock.advance(2_000);
            const revoke_tokens_issued_before = new Date(world.clock.now() - 1_000).toISOString();
            return server('PATCH', '/api/v2/users', {
              users: [{ id: 'mary', set: { revoke_tokens_issued_before } }],
            });
          },
          4001,
        ],
      ];
      const other = await world.watch('mo', 'default:one');
      for (const [who, act, code] of ends) {
        const sockets = [await world.connect(who), await world.connect(who)];
        await act();
        for (const socket of sockets) {
          expect((await socket.closed).code, who).toBe(code);
          expect(socket.messages.at(-1)?.type).toBe('connection.error');
        }
      }
      await world.mark();
      await other.until(({ type }) => type === 'call.updated');
    });

    test('[SOC10] a socket that is being opened while its person is deactivated does not stay', async () => {
      for (let round = 0; round < 40; round++) {
        const opening = world.connect('sara').catch(() => undefined);
        for (let turns = 0; turns < round % 8; turns++) await new Promise((next) => setImmediate(next));
        await world.as(null)('POST', '/api/v2/users/sara/deactivate', {});
        const socket = await opening;
        if (socket) expect((await socket.closed).code).toBe(4003);
        expect(world.services.sockets.stats().open).toBe(0);
        await world.as(null)('POST', '/api/v2/users/sara/reactivate', {});
      }
    });

    test('[SOC10] a ban closes no socket and is told to the banned', async () => {
      const socket = await world.watch('sara', 'default:one');
      await world.as(null)('POST', '/api/v2/moderation/ban', { target_user_id: 'sara', reason: 'spam' });
      await socket.until(({ type }) => type === 'user.banned');
      await world.mark();
      await socket.until(({ type }) => type === 'call.updated');
    });

    test('[SOC11] a client that talks without end is closed', async () => {
      const socket = await world.connect('sara');
      for (let count = 0; count <= 60; count++) socket.send('{}');
      expect((await socket.closed).code).toBe(1013);
    });
  });
}
