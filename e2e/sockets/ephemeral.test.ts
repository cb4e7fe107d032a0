import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

const EVENT = `${CALL}/event`;
const REACTION = `${CALL}/reaction`;
const custom = { hello: 'world' };

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
    });
    afterEach(() => world.discard());
    const server = (method: string, path: string, body: object = {}) => world.as(null)(method, path, body);
    const outcome = async (asked: Promise<{ status: number; body: { code?: unknown } }>) => {
      const { status, body } = await asked;
      return [status, body.code];
    };

    test('[SOC25] who does not watch, may not read or is banned sends nothing', async () => {
      const witness = await world.watch('mo', 'default:one');
      expect(await outcome(world.as('sara')('POST', EVENT, { custom }))).toEqual([403, 17]);
      await world.watch('sara', 'default:one');
      await server('POST', '/api/v2/moderation/ban', { target_user_id: 'sara' });
      for (const path of [EVENT, REACTION]) {
        const body = path === EVENT ? { custom } : { type: 'like' };
        expect(await outcome(world.as('sara')('POST', path, body))).toEqual([403, 17]);
        expect(await outcome(server('POST', path, { ...body, user_id: 'sara' }))).toEqual([403, 17]);
        expect(await outcome(server('POST', path, body))).toEqual([400, 4]);
        expect(await outcome(server('POST', path, { ...body, user_id: 'nobody' }))).toEqual([404, 16]);
        await server('POST', `${CALL}/block`, { user_id: 'john' });
        expect(await outcome(world.as('john')('POST', path, body))).toEqual([403, 17]);
        await server('POST', `${CALL}/unblock`, { user_id: 'john' });
      }
      await server('PUT', '/api/v2/video/calltypes/default', { grants: { user: ['read-call'] } });
      expect(await outcome(world.as('john')('POST', REACTION, { type: 'like' }))).toEqual([403, 17]);
      const long = { custom: { text: 'x'.repeat(5_200) } };
      expect(await outcome(world.as('mo')('POST', EVENT, long))).toEqual([400, 4]);
      await world.arrived(witness);
      expect(new Set(witness.types())).toEqual(new Set(['call.blocked_user', 'call.unblocked_user']));
    });

    test('[SOC24] those who watch hear it at once, and nothing of it stays', async () => {
      const sara = await world.watch('sara', 'default:one');
      const mo = await world.watch('mo', 'default:one');
      const elsewhere = await world.connect('john');
      const before = await server('GET', '/api/v2/moderation/logs', undefined);
      expect((await world.as('sara')('POST', EVENT, { custom })).status).toBe(200);
      const reaction = { type: 'like', emoji_code: ':thumbsup:', custom: { size: 2 } };
      expect((await server('POST', REACTION, { ...reaction, user_id: 'john' })).status).toBe(200);
      for (const socket of [sara, mo]) {
        expect(await socket.until(({ type }) => type === 'custom')).toMatchObject({
          call_cid: 'default:one',
          custom,
          user: { id: 'sara' },
          event_id: expect.any(String),
        });
        const heard = await socket.until(({ type }) => type === 'call.reaction_new');
        expect(heard).toMatchObject({ reaction: { ...reaction, user: { id: 'john' } } });
        expect(heard).not.toHaveProperty('seq');
      }
      await world.arrived(elsewhere);
      expect(elsewhere.types()).toEqual([]);
      expect((await server('GET', '/api/v2/moderation/logs', undefined)).body.logs).toEqual(before.body.logs);
    });

    test('[SOC24] whom an act has shut out hears nothing that is sent after its reply', async () => {
      const socket = await world.connect('sara');
      const witness = await world.watch('mo', 'default:one');
      const path = `${CALL}?watch=true&connection_id=${socket.connectionId}`;
      for (let round = 0; round < 40; round++) {
        expect((await world.as('sara')('GET', path)).status).toBe(200);
        await server('POST', `${CALL}/block`, { user_id: 'sara' });
        expect((await server('POST', REACTION, { type: 'like', user_id: 'mo' })).status).toBe(200);
        await socket.until(() => socket.types().filter((type) => type === 'watch.ended').length > round);
        await server('POST', `${CALL}/unblock`, { user_id: 'sara' });
      }
      await world.arrived(witness);
      expect(witness.types().filter((type) => type === 'call.reaction_new')).toHaveLength(40);
      expect(socket.types()).not.toContain('call.reaction_new');
    });

    test('[SOC24] who was let in again before it goes out does not hear what was sent meanwhile', async () => {
      const socket = await world.watch('sara', 'default:one');
      const witness = await world.watch('mo', 'default:one');
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      await socket.until(({ type }) => type === 'watch.ended');
      const { eventOrder } = world.services;
      const flush = eventOrder.flush;
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      eventOrder.flush = () => held.then(flush);
      expect((await server('POST', REACTION, { type: 'like', user_id: 'mo' })).status).toBe(200);
      await server('POST', `${CALL}/unblock`, { user_id: 'sara' });
      const path = `${CALL}?watch=true&connection_id=${socket.connectionId}`;
      expect((await world.as('sara')('GET', path)).status).toBe(200);
      eventOrder.flush = flush;
      release();
      await witness.until(({ type }) => type === 'call.reaction_new');
      expect((await server('POST', REACTION, { type: 'like', user_id: 'mo' })).status).toBe(200);
      await socket.until(({ type }) => type === 'call.reaction_new');
      for (const { types } of [socket, witness]) {
        const heard = types().filter((type) => type === 'call.reaction_new');
        expect(heard).toHaveLength(types === socket.types ? 1 : 2);
      }
    });

    test('[SOC24] with an Idempotency-Key it is sent once', async () => {
      const sara = await world.watch('sara', 'default:one');
      for (let times = 0; times < 3; times++) {
        const { status } = await world.client.api('POST', REACTION, {
          token: world.token('sara'),
          body: { type: 'like' },
          headers: { 'idempotency-key': 'once' },
        });
        expect(status).toBe(200);
      }
      await world.arrived(sara);
      expect(sara.types()).toEqual(['call.reaction_new']);
    });

    test('[SOC26] above 100 of a call in a second the next is 429', async () => {
      const replies = await Promise.all(
        Array.from({ length: 110 }, () =>
          outcome(server('POST', REACTION, { type: 'like', user_id: 'sara' })),
        ),
      );
      const codes = replies.map(([status]) => status);
      expect(codes.filter((status) => status === 200)).toHaveLength(100);
      expect(codes.filter((status) => status === 429)).toHaveLength(10);
      const other = '/api/v2/video/call/default/two';
      await server('POST', other, { data: { created_by_id: 'mary' } });
      const elsewhere = server('POST', `${other}/reaction`, { type: 'like', user_id: 'sara' });
      expect(await outcome(elsewhere)).toEqual([200, undefined]);
      world.clock.advance(1_000);
      expect(await outcome(server('POST', REACTION, { type: 'like', user_id: 'sara' }))).toEqual([
        200,
        undefined,
      ]);
    });
  });
}
