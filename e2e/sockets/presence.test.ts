import { builderOf } from '@callgate/server/storage/prepared.ts';
import { type TestEngine, testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startServer } from '../harness/index.ts';
import { openSocket, type SocketClient } from './socket-client.ts';
import { type Ask, CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

/** A process that did not prolong its lease for so long counts as dead, in milliseconds. */
const LEASE_MS = 20_000;

const listed = async (ask: Ask, id: string) => {
  const { body } = await ask('POST', '/api/v2/users/query', { filter_conditions: { id } });
  return (body.users as { online: boolean; last_active?: string }[])[0];
};
const isOnline = async (ask: Ask, id: string) => (await listed(ask, id))?.online;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());
    const open = () => world.services.sockets.stats().open;
    const saraIsOnline = (who: string | null = null) => isOnline(world.as(who), 'sara');

    test('[USR62] nobody is online without an open socket', async () => {
      const refused = await openSocket(world.url(), { token: `${world.token('sara')}x` });
      await refused.closed;
      const silent = await openSocket(world.url(), undefined);
      expect(await saraIsOnline()).toBe(false);
      await silent.close();
      await world.connect('john');
      expect(await saraIsOnline()).toBe(false);
    });

    test('[USR62] a person is online from the first socket to the end of the last', async () => {
      const first = await world.connect('sara');
      expect(first.messages[0]).toMatchObject({ me: { id: 'sara', online: true } });
      const second = await world.connect('sara');
      expect(await saraIsOnline()).toBe(true);
      expect(await saraIsOnline('john')).toBe(true);
      await first.close();
      await expect.poll(open).toBe(1);
      expect(await saraIsOnline()).toBe(true);
      const closing = performance.now();
      await second.close();
      await expect.poll(() => saraIsOnline()).toBe(false);
      expect(performance.now() - closing).toBeLessThan(1_000);
    });

    test('[USR62] calls show it too: of the creator, of members, of participants and of the blocked', async () => {
      const ask = world.as(null);
      await ask('POST', `${CALL}/members`, { update_members: [{ user_id: 'john' }] });
      await world.as('sara')('POST', `${CALL}/join`, {});
      await ask('POST', `${CALL}/block`, { user_id: 'mo' });
      type People = { user: { id: string; online: boolean } }[];
      const shown = async () => {
        const { body } = await ask('GET', CALL);
        const call = body.call as { created_by: People[0]['user']; session: { participants: People } };
        const search = { type: 'default', id: 'one' };
        const { body: found } = await ask('POST', '/api/v2/video/call/members', search);
        const people = [
          { user: call.created_by },
          ...(body.members as People),
          ...call.session.participants,
          ...(body.blocked_users as People[0]['user'][]).map((user) => ({ user })),
          ...(found.members as People),
        ];
        return people.map(({ user: { id, online } }) => `${id} ${online}`);
      };
      const before = await shown();
      const people = ['mary', 'john', 'sara', 'mo', 'john'];
      expect(before).toEqual(people.map((id) => `${id} false`));
      for (const who of ['mary', 'john', 'sara', 'mo']) await world.connect(who);
      expect(await shown()).toEqual(people.map((id) => `${id} true`));
    });

    test('[USR62] who goes on with a connection while its old socket ends stays online', async () => {
      let last = await world.connect('sara');
      for (let round = 0; round < 20; round++) {
        const ended = last.close();
        last = await world.connect('sara', { connection_id: last.connectionId, cursor: last.cursor });
        await ended;
        expect(last.messages[0]).toMatchObject({ resumed: true });
        await expect.poll(open).toBe(1);
        // What the end of the old socket wrote is there with the next socket.
        await (await world.connect('john')).close();
        await expect.poll(open).toBe(1);
        expect(await saraIsOnline()).toBe(true);
      }
    });

    test('[USR62] when the server stops everybody is offline', async () => {
      await world.connect('sara');
      await world.restart();
      expect(await saraIsOnline()).toBe(false);
    });

    test('[USR63] a process that does not prolong its lease leaves nobody online', async () => {
      await world.connect('sara');
      world.clock.advance(LEASE_MS - 1);
      expect(await saraIsOnline()).toBe(true);
      world.clock.advance(1);
      expect(await saraIsOnline()).toBe(false);
      await world.services.sockets.tick();
      expect(await saraIsOnline()).toBe(true);
    });

    test('[USR64] who is invisible is shown as online to themselves alone', async () => {
      const invisible = await world.as(null)('PATCH', '/api/v2/users', {
        users: [{ id: 'sara', set: { invisible: true } }],
      });
      expect(invisible.status).toBe(200);
      const socket = await world.connect('sara');
      expect(await saraIsOnline('john')).toBe(false);
      expect(await saraIsOnline()).toBe(false);
      expect(await saraIsOnline('sara')).toBe(true);
      expect(socket.messages[0]).toMatchObject({ me: { online: true, invisible: true } });
      await world.as('sara')('PATCH', '/api/v2/users', { users: [{ id: 'sara', unset: ['invisible'] }] });
      expect(await saraIsOnline('john')).toBe(true);
    });
  });

  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());
    const MINUTE_MS = 60_000;
    const lastActive = async () => {
      const { last_active } = (await listed(world.as(null), 'sara')) ?? {};
      return last_active === undefined ? undefined : Date.parse(last_active) - began;
    };
    let began = 0;
    const addresses = () =>
      world.services.database.read(async (snapshot) => {
        const rows = await snapshot.run(
          builderOf(snapshot.engine).selectFrom('user_addresses').selectAll().orderBy('address').compile(),
        );
        return rows.map((row) => [row.user_id, row.address, row.last_seen_at - began]);
      });
    /** A minute in which the client says that it is well. */
    const minutePasses = async (socket: SocketClient) => {
      for (let half = 0; half < 2; half++) {
        const { received } = world.services.sockets.stats();
        socket.send('{}');
        await expect.poll(() => world.services.sockets.stats().received).toBeGreaterThan(received);
        await world.arrived(socket);
      }
    };

    test('[USR65] [USR61] last_active and the address move at both ends and every 5 minutes', async () => {
      began = world.clock.now();
      expect(await lastActive()).toBeUndefined();
      const socket = await world.connect('sara', {}, '203.0.113.7');
      expect(await lastActive()).toBe(0);
      for (let minute = 1; minute < 5; minute++) await minutePasses(socket);
      expect(await lastActive()).toBe(0);
      await minutePasses(socket);
      expect(await lastActive()).toBe(5 * MINUTE_MS);
      expect(await addresses()).toEqual([['sara', '203.0.113.7', 5 * MINUTE_MS]]);
      await minutePasses(socket);
      expect(await lastActive()).toBe(5 * MINUTE_MS);
      await socket.close();
      await expect.poll(lastActive).toBe(6 * MINUTE_MS);
      expect(await addresses()).toEqual([['sara', '203.0.113.7', 6 * MINUTE_MS]]);
    });

    test('[USR65] who goes on with a connection from elsewhere is seen there too', async () => {
      began = world.clock.now();
      const first = await world.connect('sara', {}, '203.0.113.7');
      await first.close();
      const { connectionId: connection_id, cursor } = first;
      await world.connect('sara', { connection_id, cursor }, '203.0.113.8');
      expect((await addresses()).map(([, address]) => address)).toEqual(['203.0.113.7', '203.0.113.8']);
    });

    test('[USR53] the end of the sockets of a person who is deleted remembers nothing', async () => {
      const socket = await world.connect('sara', {}, '203.0.113.7');
      const body = { user_ids: ['sara'], user: 'hard', messages: 'hard', conversations: 'hard' };
      expect((await world.as(null)('POST', '/api/v2/users/delete', body)).status).toBe(201);
      expect((await socket.closed).code).toBe(4003);
      // What the end wrote is there with the next socket.
      await world.connect('john', {}, '203.0.113.9');
      expect((await addresses()).map(([id]) => id)).toEqual(['john']);
    });
  });

  describe(engine.name, () => {
    test('[USR63] of a server that was killed nobody is online', { timeout: 120_000 }, async () => {
      const empty = await engine.createEmpty();
      const server = await startServer({
        env: engine.name === 'postgres' ? { DATABASE_URL: empty.location } : {},
      });
      try {
        const ask: Ask = (method, path, body) => server.api(method, path, { ...(body && { body }) });
        const url = `${server.baseUrl.replace('http', 'ws')}/api/v2/video/connect?api_key=${server.apiKey}`;
        const socket = await openSocket(url, { token: server.userToken('sara') });
        expect(socket.messages[0]?.type).toBe('connection.ok');
        expect(await isOnline(ask, 'sara')).toBe(true);
        await server.kill();
        await server.start();
        const timeout = engine.name === 'postgres' ? LEASE_MS + 5_000 : 1_000;
        await expect.poll(() => isOnline(ask, 'sara'), { timeout }).toBe(false);
      } finally {
        await server.discard();
        await empty.remove();
      }
    });
  });
}

// One database of SQLite has one process (design, section 2), so these have nothing to be compared with there:
// their title is not the engine's name, which promises the same test on both.
for (const engine of testEngines.filter(({ name }) => name === 'postgres')) {
  describe('two processes on one PostgreSQL', () => {
    let worlds: SocketWorld[] = [];
    let remove = async (): Promise<void> => undefined;
    beforeEach(async () => {
      const place = await engine.createEmpty();
      remove = place.remove;
      const shared: TestEngine = {
        ...engine,
        createEmpty: async () => ({ ...place, remove: async () => undefined }),
      };
      worlds = [await openSocketWorld(shared), await openSocketWorld(shared)];
    });
    afterEach(async () => {
      for (const world of worlds) await world.discard();
      await remove();
    });

    test('[USR62] a socket of one process is seen in the other, and the last one counts', async () => {
      const [one, other] = worlds as [SocketWorld, SocketWorld];
      const sockets = [await one.connect('sara'), await other.connect('sara')];
      for (const { as } of worlds) expect(await isOnline(as(null), 'sara')).toBe(true);
      await sockets[0]?.close();
      await expect.poll(() => one.services.sockets.stats().open).toBe(0);
      // The end is written with what comes after it.
      await one.connect('john');
      for (const { as } of worlds) expect(await isOnline(as(null), 'sara')).toBe(true);
      await sockets[1]?.close();
      for (const { as } of worlds) await expect.poll(() => isOnline(as(null), 'sara')).toBe(false);
    });

    test('[USR63] who was taken for dead has its people online again, but for those who left', async () => {
      const [one, other] = worlds as [SocketWorld, SocketWorld];
      await one.connect('sara');
      const john = await one.connect('john');
      other.clock.advance(LEASE_MS + 1);
      await other.services.sockets.tick();
      expect(await isOnline(other.as(null), 'sara')).toBe(false);
      expect(await isOnline(one.as(null), 'sara')).toBe(false);
      await john.close();
      await expect.poll(() => one.services.sockets.stats().open).toBe(1);
      await one.connect('mary');
      one.clock.advance(LEASE_MS + 1);
      await one.services.sockets.tick();
      for (const { as } of worlds) {
        expect(await isOnline(as(null), 'sara')).toBe(true);
        expect(await isOnline(as(null), 'john')).toBe(false);
      }
      const rows = await other.services.database.read((snapshot) =>
        snapshot.run(builderOf('postgres').selectFrom('connections').selectAll().compile()),
      );
      expect(rows.filter(({ close_reason }) => close_reason === 'lost')).toEqual([]);
    });
  });
}
