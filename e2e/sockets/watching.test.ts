import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CALL, openSocketWorld, type SocketWorld, withCall } from './socket-world.ts';

const OTHER = '/api/v2/video/call/default/two';
/** The event that says that an act's events have been told. */
const MARK = 'call.updated';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: SocketWorld;
    beforeEach(async () => {
      world = await openSocketWorld(engine);
      await withCall(world);
      await world.as(null)('POST', OTHER, { data: { created_by_id: 'mary' } });
    });
    afterEach(() => world.discard());
    const server = (method: string, path: string, body: object = {}) => world.as(null)(method, path, body);

    test('[SOC12] [CAL5] watching needs an open socket of the caller, and nothing is done without', async () => {
      const socket = await world.connect('sara');
      const id = socket.connectionId;
      const fresh = '/api/v2/video/call/default/fresh';
      const refused = [
        await world.as('sara')('POST', fresh, { watch: true }),
        await world.as('sara')('POST', `${fresh}?connection_id=nothing`, { watch: true }),
        await world.as('john')('POST', `${fresh}?connection_id=${id}`, { watch: true }),
        await server('POST', `${fresh}?connection_id=${id}`, {
          watch: true,
          data: { created_by_id: 'mary' },
        }),
        await world.as('john')('POST', `${fresh}/join?connection_id=${id}`, { create: true, watch: true }),
        await world.as('john')('GET', `${CALL}?watch=true&connection_id=${id}`),
        await world.as('john')('POST', `/api/v2/video/calls?connection_id=${id}`, { watch: true }),
      ];
      for (const { status, body } of refused) {
        expect({ status, code: body.code }).toEqual({ status: 400, code: 4 });
        expect(Object.keys(body.exception_fields as object)[0]).toMatch(/^(watch|connection_id)$/);
      }
      expect((await world.as(null)('GET', fresh)).status).toBe(404);
    });

    test('[SOC13] a call that may not be read is not watched', async () => {
      const socket = await world.connect('sara');
      await server('POST', `${CALL}/block`, { user_id: 'sara' });
      const path = `${CALL}?watch=true&connection_id=${socket.connectionId}`;
      expect((await world.as('sara')('GET', path)).status).toBe(403);
      await world.mark();
      await world.arrived(socket);
      expect(socket.types()).toEqual(['call.blocked_user']);
    });

    test('[SOC13] getting, creating, joining and querying make the socket hear what comes', async () => {
      const ways: Record<string, (query: string) => Promise<{ status: number; body: object }>> = {
        get: (query) => world.as('sara')('GET', `${CALL}?watch=true&${query}`),
        create: (query) => world.as('sara')('POST', `${CALL}?${query}`, { watch: true }),
        join: (query) => world.as('sara')('POST', `${CALL}/join?${query}`, { watch: true }),
        query: (query) => world.as('sara')('POST', `/api/v2/video/calls?${query}`, { watch: true }),
      };
      for (const [name, way] of Object.entries(ways)) {
        const socket = await world.connect('sara');
        const { status, body } = await way(`connection_id=${socket.connectionId}`);
        expect(status, name).toBeLessThan(300);
        expect(body, name).toHaveProperty(name === 'query' ? 'calls' : 'call');
        await server('POST', `${CALL}/kick`, { user_id: 'john' });
        await server('POST', `${CALL}/block`, { user_id: 'john' });
        await server('POST', `${CALL}/unblock`, { user_id: 'john' });
        const heard = await socket.until(({ type }) => type === 'call.unblocked_user');
        expect(heard, name).toMatchObject({ call_cid: 'default:one', user: { id: 'john' } });
        await socket.close();
      }
    });

    test('[SOC13] to watch once more interrupts nothing', async () => {
      const socket = await world.watch('sara', 'default:one');
      const path = `${CALL}?watch=true&connection_id=${socket.connectionId}`;
      for (let round = 0; round < 40; round++) {
        const replies = await Promise.all([
          ...Array.from({ length: 3 }, () => world.as('sara')('GET', path)),
          server('POST', `${CALL}/reaction`, { type: 'like', user_id: 'mo' }),
          server('POST', `${CALL}/reaction`, { type: 'like', user_id: 'mo' }),
        ]);
        for (const { status } of replies) expect(status).toBe(200);
      }
      await world.arrived(socket);
      expect(socket.types()).toHaveLength(80);
    });

    test('[SOC14] each event comes once and in order to whom it is for, and to nobody else', async () => {
      const watching = [await world.watch('sara', 'default:one'), await world.watch('mo', 'default:one')];
      const elsewhere = await world.watch('sara', 'default:two');
      const named = await world.connect('john');
      for (let round = 0; round < 5; round++) {
        await server('POST', `${CALL}/block`, { user_id: 'john' });
        await server('POST', `${CALL}/unblock`, { user_id: 'john' });
      }
      await world.mark();
      for (const socket of watching) {
        await socket.until(({ type }) => type === MARK);
        const seqs = socket.messages.flatMap(({ seq }) => (seq === undefined ? [] : [seq]));
        expect(seqs).toEqual(Array.from({ length: 11 }, (_, at) => (seqs[0] ?? 0) + at));
      }
      await world.arrived(named, elsewhere);
      expect(named.types()).toEqual(
        Array.from({ length: 5 }, () => ['call.blocked_user', 'call.unblocked_user']).flat(),
      );
      expect(elsewhere.types()).toEqual([]);
    });

    const takings: [string, string, () => Promise<unknown>, string][] = [
      ['a block', 'blocked', () => server('POST', `${CALL}/block`, { user_id: 'sara' }), 'call.blocked_user'],
      [
        'a ban from the call',
        'banned_here',
        () =>
          server('POST', '/api/v2/moderation/ban', { target_user_id: 'sara', channel_cid: 'default:one' }),
        'user.banned',
      ],
      [
        'a role',
        'no_capability',
        async () => {
          await server('POST', '/api/v2/roles', { name: 'outsider' });
          await server('PATCH', '/api/v2/users', { users: [{ id: 'sara', set: { role: 'outsider' } }] });
        },
        'user.updated',
      ],
      [
        'the grants of the call type',
        'no_capability',
        () => server('PUT', '/api/v2/video/calltypes/default', { grants: { user: [] } }),
        '',
      ],
    ];
    test.each(takings)('[SOC15] %s ends the watch with its reason', async (_name, reason, act, event) => {
      const socket = await world.watch('sara', 'default:one');
      const witness = await world.watch('mo', 'default:one');
      await act();
      const ended = await socket.until(({ type }) => type === 'watch.ended');
      expect(ended).toMatchObject({ call_cid: 'default:one', reason, connection_id: socket.connectionId });
      await world.mark();
      await witness.until(({ type }) => type === MARK);
      await world.arrived(socket);
      expect(socket.types()).toEqual(event === '' ? ['watch.ended'] : [event, 'watch.ended']);
    });

    test('[SOC15] a change of teams ends watches, and getting the right back needs a new one', async () => {
      await server('PATCH', '/api/v2/app', { multi_tenant_enabled: true });
      const socket = await world.watch('sara', 'default:one');
      const move = (teams: string[]) =>
        server('PATCH', '/api/v2/users', { users: [{ id: 'sara', set: { teams } }] });
      await move(['red']);
      expect(await socket.until(({ type }) => type === 'watch.ended')).toMatchObject({ reason: 'team' });
      await move([]);
      await server('POST', `${CALL}/block`, { user_id: 'john' });
      await world.arrived(socket);
      expect(socket.types()).not.toContain('call.blocked_user');
      const path = `${CALL}?watch=true&connection_id=${socket.connectionId}`;
      expect((await world.as('sara')('GET', path)).status).toBe(200);
      await server('POST', `${CALL}/unblock`, { user_id: 'john' });
      await socket.until(({ type }) => type === 'call.unblocked_user');
    });

    test('[SOC16] [EVT5] members hear of the call by being members, unless they may not read it', async () => {
      await server('POST', `${CALL}/members`, {
        update_members: [{ user_id: 'sara' }, { user_id: 'john' }],
      });
      const [sara, john, mary] = [
        await world.connect('sara'),
        await world.connect('john'),
        await world.watch('mary', 'default:one'),
      ];
      await server('POST', `${CALL}/block`, { user_id: 'john' });
      await server('POST', `${CALL}/members`, { update_members: [{ user_id: 'mo' }] });
      await server('POST', `${CALL}/mark_ended`);
      await mary.until(({ type }) => type === 'call.ended');
      await world.arrived(sara, john);
      expect(sara.types()).toEqual(['call.member_added', 'call.ended']);
      expect(john.types()).toEqual(['call.blocked_user']);
    });

    test('[SOC17] a socket watches at most 500 calls', async () => {
      const socket = await world.connect('sara');
      const watch = (id: number) =>
        world.as('sara')(
          'POST',
          `/api/v2/video/call/default/many-${id}?connection_id=${socket.connectionId}`,
          {
            watch: true,
          },
        );
      for (let from = 0; from < 500; from += 20) {
        const replies = await Promise.all(Array.from({ length: 20 }, (_, at) => watch(from + at)));
        for (const { status } of replies) expect(status).toBe(201);
      }
      const { status, body } = await watch(500);
      expect({ status, fields: body.exception_fields }).toMatchObject({
        status: 400,
        fields: { watch: expect.any(String) },
      });
    });

    test('[SOC23] an event is told without waiting for enforcement, soon after the reply', async () => {
      const socket = await world.watch('sara', 'default:one');
      await server('POST', `${CALL}/block`, { user_id: 'john' });
      const replied = performance.now();
      await socket.until(({ type }) => type === 'call.blocked_user');
      // Stated: a fraction of a second; on an idle machine it is a few milliseconds.
      expect(performance.now() - replied).toBeLessThan(500);
    });
  });
}
