import { setImmediate as nextTurn } from 'node:timers/promises';
import { builderOf, rawStatement } from '@callgate/server/storage/prepared.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { isComplete } from '@callgate/server/ws/replay.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { begins, meddled } from '../model/meddle.ts';
import { openPausedSocket } from './paused-socket.ts';
import { openSocket } from './socket-client.ts';
import { CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

/** Of 64 KB each, 26 MB: the kernel takes some megabytes for a reader before anything waits in the server. */
const MESSAGES = 400;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    /** How often the next ends of watches fail. */
    let failures = 0;
    beforeEach(async () => {
      failures = 0;
      world = await openSocketWorld(engine, {
        wrap: (database) =>
          meddled(database, (statement, run) => {
            if (!begins(statement, 'update watches') || failures === 0) return run(statement);
            failures--;
            return Promise.reject(new Error('the store is away'));
          }),
      });
      await withCall(world);
    });
    afterEach(() => world.discard());
    const server = (method: string, path: string, body: object = {}) => world.as(null)(method, path, body);

    test('[SOC27] when the store works again what is due follows, once', async () => {
      const sara = await world.watch('sara', 'default:one');
      const mo = await world.watch('mo', 'default:one');
      failures = 2;
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      await world.mark();
      await mo.until(({ type }) => type === 'call.updated');
      expect(failures).toBe(0);
      await world.arrived(sara, mo);
      expect(sara.types()).toEqual(['call.blocked_user', 'watch.ended']);
      expect(mo.types()).toEqual(['call.blocked_user', 'call.updated']);
    });

    test('[SOC18] the cursor of a sign of life is behind everything that was told', async () => {
      await world.watch('sara', 'default:one');
      const mo = await world.watch('mo', 'default:one');
      failures = Number.POSITIVE_INFINITY;
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      await mo.until(({ type }) => type === 'call.blocked_user');
      world.clock.advance(30_000);
      await world.services.sockets.tick();
      await mo.until(({ type }) => type === 'health.check');
      const again = await world.connect('mo', { connection_id: mo.connectionId, cursor: mo.cursor });
      failures = 0;
      await world.mark();
      await again.until(({ type }) => type === 'call.updated');
      expect(again.messages[0]).toMatchObject({ resumed: true });
      expect(again.types()).toEqual(['call.updated']);
    });

    test('[SOC11] a reader that takes nothing is cut off, and delays nobody', async () => {
      const mo = await world.watch('mo', 'default:one');
      const paused = await openPausedSocket(world.url(), { token: world.token('sara') });
      const path = `${CALL}?watch=true&connection_id=${paused.connectionId}`;
      expect((await world.as('sara')('GET', path)).status).toBe(200);
      expect(world.services.sockets.stats().open).toBe(2);
      const text = JSON.stringify({ type: 'custom', filling: 'x'.repeat(64 * 1024) });
      for (let sent = 1; sent <= MESSAGES; sent++) {
        world.services.sockets.ephemeral('default:one' as never, text);
        while (mo.types().length < sent) await nextTurn();
      }
      await expect.poll(() => world.services.sockets.stats().open, { timeout: 10_000 }).toBe(1);
      await world.arrived(mo);
      expect(mo.types()).toHaveLength(MESSAGES);
      paused.discard();
    });

    test('[SOC20] too much that was missed, and what is there no more, starts afresh', async () => {
      const { database } = world.services;
      await world.services.eventOrder.flush();
      const fill = `with recursive places (place) as (select max(app_seq) + 1 from outbox
          union all select place + 1 from places where place < 50002)
        insert into outbox (id, type, payload, audience, created_at, app_seq)
        select 'event-' || place, 'user.updated', '{}', '{}', 0, place from places`;
      await database.write((tx) => tx.run(rawStatement(fill)));
      expect(await isComplete(database, { from: 1, upTo: 50_001 })).toBe(true);
      expect(await isComplete(database, { from: 1, upTo: 50_002 })).toBe(false);
      expect(await isComplete(database, { from: 2, upTo: 1 })).toBe(false);
      await database.write(async (tx) => {
        const drop = builderOf(tx.engine).deleteFrom('outbox').where('app_seq', '=', 2);
        await tx.run(drop.compile());
      });
      expect(await isComplete(database, { from: 1, upTo: 3 })).toBe(false);
    });

    test('[SOC4] [SOC5] guests have sockets of their own, until their time is over', async () => {
      await server('PATCH', '/api/v2/app', { guests: { enabled: true, expire_after_minutes: 1 } });
      const made = await world.client.api<{ access_token: string; user: { id: string } }>(
        'POST',
        '/api/v2/guest',
        {
          token: null,
          body: { user: { name: 'Gus' } },
        },
      );
      const { access_token: token, user } = made.body;
      const guest = await openSocket(world.url(), { token });
      expect(guest.messages[0]).toMatchObject({ type: 'connection.ok', me: { id: user.id, role: 'guest' } });
      await world.pass(61_000);
      expect([4003, 4009]).toContain((await guest.closed).code);
      const later = await openSocket(world.url(), { token });
      expect([4003, 4009]).toContain((await later.closed).code);
    });

    test('[SOC28] of servers that are gone nothing is left after 5 minutes', async () => {
      const rows = (table: 'connections' | 'watches' | 'leases') =>
        world.services.database.read(async (snapshot) =>
          (await snapshot.run(builderOf(snapshot.engine).selectFrom(table).selectAll().compile())).filter(
            (row) => !('name' in row) || row.name.startsWith('sockets:'),
          ),
        );
      await world.watch('sara', 'default:one');
      for (let times = 0; times < 3; times++) await world.restart();
      expect([await rows('connections'), await rows('watches')].map(({ length }) => length)).toEqual([1, 1]);
      world.clock.advance(5 * 60_000 + 21_000);
      await world.services.sockets.tick();
      expect(await rows('connections')).toEqual([]);
      expect(await rows('watches')).toEqual([]);
      expect(await rows('leases')).toHaveLength(1);
    });
  });
}
