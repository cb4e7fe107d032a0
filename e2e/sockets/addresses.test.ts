import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { begins, meddled } from '../model/meddle.ts';
import { openSocket, type SocketClient } from './socket-client.ts';
import { openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

const HERE = '203.0.113.7';
const THERE = '203.0.113.8';
const HOUR_MS = 60 * 60_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    /** Runs once, between the writing of a socket that opens and its being known to the process. */
    let meanwhile: (() => Promise<unknown>) | undefined;
    beforeEach(async () => {
      meanwhile = undefined;
      world = await openSocketWorld(engine, {
        wrap: (database) => ({
          ...meddled(database, (statement, run) => run(statement)),
          async write(work) {
            let isOpening = false;
            const noting = meddled(database, (statement, run) => {
              isOpening ||= begins(statement, 'insert into connections');
              return run(statement);
            });
            const done = await noting.write(work);
            const act = isOpening ? meanwhile : undefined;
            if (act) meanwhile = undefined;
            await act?.();
            return done;
          },
        }),
      });
      await withCall(world);
    });
    afterEach(() => world.discard());
    const server = (method: string, path: string, body: object = {}) => world.as(null)(method, path, body);
    const ban = async (id: string, more: object = {}) => {
      const reply = await server('POST', '/api/v2/moderation/ban', {
        ...{ target_user_id: id, ip_ban: true },
        ...more,
      });
      expect(reply.status).toBe(201);
      return reply.body.ip_ban as Record<string, unknown>;
    };
    const closedWith = async (socket: SocketClient) => {
      const began = performance.now();
      await socket.until(({ type }) => type === 'connection.error');
      const { code } = await socket.closed;
      expect(performance.now() - began).toBeLessThan(1_000);
      return [...socket.messages.slice(-1).map(({ type }) => type), code];
    };
    const online = async (id: string) => {
      const { body } = await server('POST', '/api/v2/users/query', { filter_conditions: { id } });
      return (body.users as { online: boolean }[])[0]?.online;
    };
    const open = () => world.services.sockets.stats().open;

    test('[IPB16] a ban takes the addresses of event sockets, open or closed, of the last 24 hours', async () => {
      expect(await ban('john')).toMatchObject({ prefix_count: 0 });
      await (await world.connect('sara', {}, HERE)).close();
      // Written with the time at which it is written: the clock goes on only then.
      await expect.poll(() => online('sara')).toBe(false);
      world.clock.advance(23 * HOUR_MS);
      const socket = await world.connect('sara', {}, THERE);
      await world.connect('mary', {}, THERE);
      expect(await ban('sara')).toMatchObject({
        prefixes: [`${HERE}/32`, `${THERE}/32`],
        others_last_24_hours: 1,
      });
      await closedWith(socket);
      world.clock.advance(2 * HOUR_MS);
      expect(await ban('sara', { reason: 'again' })).toMatchObject({ prefixes: [`${THERE}/32`] });
    });

    test('[IPB17] sockets from the address are closed, of other addresses and exempt people not', async () => {
      const from = [await world.connect('sara', {}, HERE), await world.connect('mary', {}, HERE)];
      const stay = [await world.connect('john', {}, THERE), await world.connect('mo', {}, HERE)];
      await ban('sara');
      for (const socket of from) expect(await closedWith(socket)).toEqual(['connection.error', 4003]);
      expect(from.map((socket) => socket.types())).toEqual([['user.banned'], []]);
      await world.arrived(...stay);
      expect(open()).toBe(2);
      await expect(world.connect('mary', {}, HERE)).rejects.toThrow('not connected');
      await server('DELETE', '/api/v2/moderation/ban', { target_user_id: 'sara' });
      await world.connect('mary', {}, HERE);
    });

    test('[IPB17] so are those of ranges, and of people who stop being exempt', async () => {
      const mo = await world.connect('mo', {}, HERE);
      const john = await world.connect('john', {}, THERE);
      await ban('sara', { ip_ranges: ['203.0.113.0/28'] });
      expect(await closedWith(john)).toEqual(['connection.error', 4003]);
      await world.arrived(mo);
      // Concerns everybody, and mo is exempt still.
      await server('PATCH', '/api/v2/app', { guests: { enabled: true } });
      await world.arrived(mo);
      await (await world.connect('mo', {}, HERE)).close();
      await server('PATCH', '/api/v2/users', { users: [{ id: 'mo', set: { role: 'user' } }] });
      expect(await closedWith(mo)).toEqual(['connection.error', 4003]);
    });

    test('[IPB17] so are those of addresses that are spared no longer', async () => {
      const socket = await world.connect('john', {}, '10.1.2.3');
      await server('PATCH', '/api/v2/app', { ip_bans: { include_private: true } });
      await ban('sara', { ip_ranges: ['10.1.0.0/16'] });
      expect(await closedWith(socket)).toEqual(['connection.error', 4003]);
      await server('PATCH', '/api/v2/app', { ip_bans: { include_private: false } });
      const again = await world.connect('john', {}, '10.1.2.3');
      await server('PATCH', '/api/v2/app', { guests: { enabled: true } });
      await world.arrived(again);
      await server('PATCH', '/api/v2/app', { ip_bans: { include_private: true } });
      expect(await closedWith(again)).toEqual(['connection.error', 4003]);
    });

    test('[IPB17] [SOC10] an act that comes while a socket opens closes it too', async () => {
      const revoke_tokens_issued_before = new Date(world.clock.now() + 1_000).toISOString();
      const acts: [who: string, code: number, act: () => Promise<unknown>][] = [
        ['sara', 4003, () => ban('mary', { ip_ranges: [`${HERE}/32`] })],
        ['john', 4003, () => server('POST', '/api/v2/users/john/deactivate', {})],
        [
          'mary',
          4001,
          () =>
            server('PATCH', '/api/v2/users', {
              users: [{ id: 'mary', set: { revoke_tokens_issued_before } }],
            }),
        ],
      ];
      const stays = await world.connect('mo', {}, HERE);
      for (const [who, code, act] of acts) {
        meanwhile = async () => {
          await act();
          // Its event is told before the process knows the socket.
          await world.services.eventOrder.flush();
          await world.services.sockets.settled();
        };
        const first = { token: world.token(who) };
        const headers = { 'x-forwarded-for': who === 'sara' ? HERE : THERE };
        const socket = await openSocket(world.url(), first, { headers });
        expect(meanwhile, 'the act was done').toBeUndefined();
        expect(socket.messages.map(({ type }) => type)).toEqual(['connection.error']);
        expect((await socket.closed).code, who).toBe(code);
        expect(open()).toBe(1);
      }
      await world.arrived(stays);
    });
  });
}
