import { lastPlace } from '@callgate/server/features/events/index.ts';
import { purgeEvents } from '@callgate/server/features/webhooks/index.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SocketClient } from './socket-client.ts';
import { CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

const RESUME_MS = 5 * 60_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());
    const server = (method: string, path: string, body: object = {}) => world.as(null)(method, path, body);
    const resume = (who: string, { connectionId, cursor }: SocketClient) =>
      world.connect(who, { connection_id: connectionId, cursor });
    const blockAndUnblock = async () => {
      await server('POST', `${CALL}/block`, { user_id: 'john' });
      await server('POST', `${CALL}/unblock`, { user_id: 'john' });
    };
    /** Resolves when the server knows that a socket is gone. */
    const gone = async (socket: SocketClient) => {
      const { open } = world.services.sockets.stats();
      await socket.close();
      await expect.poll(() => world.services.sockets.stats().open).toBe(open - 1);
    };
    const seqs = (...sockets: SocketClient[]) =>
      sockets.flatMap(({ messages }) => messages.flatMap(({ seq }) => (seq === undefined ? [] : [seq])));

    test('[SOC20] a connection of another person, an old one and a text that is no cursor start afresh', async () => {
      const first = await world.watch('sara', 'default:one');
      await gone(first);
      await blockAndUnblock();
      const attempts = [
        await resume('john', first),
        await world.connect('sara', { connection_id: first.connectionId, cursor: 'AAAAAAAAAAAAAAAAAAAAAA' }),
        await world.connect('sara', { connection_id: first.connectionId }),
        await world.connect('sara', { cursor: first.cursor }),
      ];
      await blockAndUnblock();
      await world.arrived(...attempts);
      for (const socket of attempts) {
        expect(socket.messages[0]).toMatchObject({ type: 'connection.ok', resumed: false });
        expect(socket.connectionId).not.toBe(first.connectionId);
      }
      for (const socket of attempts.slice(1)) expect(socket.types()).toEqual([]);
    });

    test('[SOC30] a cursor behind which an event is not kept any more starts afresh', async () => {
      const first = await world.watch('sara', 'default:one');
      await gone(first);
      await blockAndUnblock();
      await blockAndUnblock();
      await world.services.eventOrder.flush();
      const { database, clock } = world.services;
      const age = async (place: number) => {
        await database.write(async (tx) => {
          await tx.run(rawStatement(`update outbox set created_at = 0 where app_seq = ${place}`));
          await purgeEvents(30)(tx, clock.now(), 200, 0);
        });
      };
      const last = await database.read(lastPlace);
      await age(last);
      const second = await resume('sara', first);
      expect(second.messages[0]).toMatchObject({ resumed: true });
      await gone(second);
      // The events on both sides of it are still there.
      await age(last - 1);
      const third = await resume('sara', first);
      expect(third.messages[0]).toMatchObject({ resumed: false });
      await world.arrived(third);
      expect(third.types()).toEqual([]);
    });

    test('[SOC20] after 5 minutes a connection is over', async () => {
      const first = await world.watch('sara', 'default:one');
      await gone(first);
      world.clock.advance(RESUME_MS + 1);
      const second = await resume('sara', first);
      expect(second.messages[0]).toMatchObject({ resumed: false });
      await world.mark();
      await world.arrived(second);
      expect(second.types()).toEqual([]);
    });

    test('[SOC18] exactly what was missed comes, in order, and then what is new', async () => {
      const early = await world.watch('mo', 'default:one');
      const first = await world.watch('sara', 'default:one');
      await blockAndUnblock();
      await first.until(({ type }) => type === 'call.unblocked_user');
      await gone(first);
      await blockAndUnblock();
      await blockAndUnblock();
      await expect.poll(() => seqs(early).length).toBe(6);
      // Who stays for so long without a word is closed.
      await gone(early);
      world.clock.advance(RESUME_MS - 60_000);
      await world.services.sockets.tick();
      const late = await world.watch('mo', 'default:one');
      const second = await resume('sara', first);
      expect(second.messages[0]).toMatchObject({ resumed: true, connection_id: first.connectionId });
      await blockAndUnblock();
      await world.mark();
      for (const socket of [second, late]) await socket.until(({ type }) => type === 'call.updated');
      expect(seqs(first, second)).toEqual(seqs(early, late));
      expect(seqs(early, late)).toHaveLength(9);
    });

    test('[SOC18] nothing is missed of what happens in the moment of coming back', async () => {
      const witness = await world.watch('mo', 'default:one');
      const sockets = [await world.watch('sara', 'default:one')];
      const change = async (times: number) => {
        for (let time = 0; time < times; time++) await world.mark();
      };
      for (let round = 0; round < 20; round++) {
        const [before] = sockets.slice(-1) as [SocketClient];
        await gone(before);
        const [after] = await Promise.all([resume('sara', before), change(10), change(10)]);
        expect(after.messages[0]).toMatchObject({ resumed: true });
        sockets.push(after);
      }
      await world.arrived(witness, ...sockets.slice(-1));
      expect(seqs(witness)).toHaveLength(400);
      expect(seqs(...sockets)).toEqual(seqs(witness));
    });

    test('[SOC18] [SOC22] [EVT3] a restart loses nothing and doubles nothing', async () => {
      const first = await world.watch('sara', 'default:one');
      await blockAndUnblock();
      await first.until(({ type }) => type === 'call.unblocked_user');
      await world.restart();
      expect((await first.closed).code).toBe(1012);
      await blockAndUnblock();
      const second = await resume('sara', first);
      expect(second.messages[0]).toMatchObject({ resumed: true });
      await world.mark();
      await second.until(({ type }) => type === 'call.updated');
      const all = seqs(first, second);
      expect(all).toEqual(Array.from({ length: 5 }, (_, at) => (all[0] ?? 0) + at));
    });

    test('[SOC19] what may not be read any more is not told, and the watch ends', async () => {
      const first = await world.watch('sara', 'default:one');
      await gone(first);
      await blockAndUnblock();
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      await blockAndUnblock();
      const second = await resume('sara', first);
      await second.until(({ type }) => type === 'watch.ended');
      await blockAndUnblock();
      await world.arrived(second);
      expect(second.types()).toEqual(['call.blocked_user', 'watch.ended']);
      expect(second.messages.at(1)).toMatchObject({ user: { id: 'sara' } });
    });

    test('[SOC19] the end of a watch is told again to a client that may not have heard of it', async () => {
      const socket = await world.watch('sara', 'default:one');
      const { cursor } = socket;
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      await socket.until(({ type }) => type === 'watch.ended');
      const unheard = await resume('sara', { ...socket, connectionId: socket.connectionId, cursor });
      expect(await unheard.until(({ type }) => type === 'watch.ended')).toMatchObject({ reason: 'blocked' });
      expect(unheard.types()).toEqual(['call.blocked_user', 'watch.ended']);
      await server('POST', `${CALL}/unblock`, { user_id: 'sara' });
      await unheard.until(({ type }) => type === 'call.unblocked_user');
      const heard = await resume('sara', unheard);
      await world.arrived(heard);
      expect(heard.messages[0]).toMatchObject({ resumed: true });
      expect(heard.types()).toEqual([]);
      const path = `${CALL}?watch=true&connection_id=${heard.connectionId}`;
      expect((await world.as('sara')('GET', path)).status).toBe(200);
      const anew = await resume('sara', { ...socket, connectionId: heard.connectionId, cursor });
      await world.mark();
      await anew.until(({ type }) => type === 'call.updated');
      expect(anew.types()).not.toContain('watch.ended');
    });

    test('[SOC21] going on with an open connection closes the older socket', async () => {
      const first = await world.watch('sara', 'default:one');
      const second = await resume('sara', first);
      expect((await first.closed).code).toBe(1000);
      expect(second.messages[0]).toMatchObject({ resumed: true });
      await blockAndUnblock();
      await second.until(({ type }) => type === 'call.unblocked_user');
      expect(world.services.sockets.stats().open).toBe(1);
      const third = await resume('sara', second);
      expect(third.messages[0]).toMatchObject({ resumed: true });
    });
  });
}
