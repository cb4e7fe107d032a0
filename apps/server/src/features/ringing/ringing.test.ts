import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { banUser } from '../bans/index.ts';
import { blockUser } from '../call-blocks/index.ts';
import { endCall, getCall, getOrCreateCall, joinCall } from '../calls/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, missingFields, refusedWith, type SeenEvent, type World } from '../test/world.ts';
import { blockUsers } from '../user-blocks/index.ts';
import { deactivateUser } from '../users/index.ts';
import { acceptCall, missRing, RING_MISSED, rejectCall, ringCall } from './index.ts';

const cid = 'default:standup' as CallCid;
const PEOPLE = ['ann', 'bob', 'cleo', 'dan', 'eve'] as const;
const CANCEL_MS = 30_000;
const MISS_MS = 40_000;
const timeouts = {
  ring: {
    incoming_call_timeout_ms: 15_000,
    auto_cancel_timeout_ms: CANCEL_MS,
    missed_call_timeout_ms: MISS_MS,
  },
};

/** How a person comes to hear nothing of a ring of ann's. */
const SILENCED: Record<string, (world: World, id: UserId) => Promise<unknown>> = {
  'blocks the caller': (world, id) =>
    blockUsers(world.services.acts, world.as(id), { blocked_user_id: 'ann' as UserId }),
  'is blocked from the call': (world, id) =>
    blockUser(world.services.acts, world.server(), { cid, user_id: id }),
  'is banned from the call': (world, id) =>
    banUser(world.services.acts, world.services.addressBans, world.server(), {
      target_user_id: id,
      channel_cid: cid,
    }),
  'is deactivated': (world, id) => deactivateUser(world.services.acts, world.server(), { user_id: id }),
};

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of PEOPLE) await world.user(id);
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const members = (...ids: string[]) => ids.map((user_id) => ({ user_id: user_id as UserId }));
    const make = (ids: readonly string[], options: object = {}) =>
      getOrCreateCall(world.services, world.as('ann'), {
        cid,
        data: { members: members(...ids), settings_override: timeouts },
        ...options,
      });
    const ring = (by: ActRequest = world.as('ann'), input: object = {}) =>
      ringCall(acts(), by, { cid, ...input });
    const accept = (id: string) => acceptCall(acts(), world.as(id), { cid });
    const reject = (id: string, reason?: string) =>
      rejectCall(acts(), world.as(id), { cid, ...(reason && { reason }) });
    const told = async (type: string): Promise<SeenEvent[]> =>
      (await world.events(cid)).filter((event) => event.type === type);
    /** Everybody whom events of a type have reached, sorted. */
    const heard = async (type: string) =>
      (await told(type)).flatMap(({ audience }) => [...(audience.users ?? [])]).sort();
    const session = async () => (await getCall(acts(), world.server(), { cid })).call.session;
    const unchanged = async (work: () => Promise<unknown>, expected: object) => {
      const before = await world.traces();
      expect(await refusedWith(work())).toMatchObject(expected);
      expect(await world.traces()).toEqual(before);
    };

    describe('who rings', () => {
      test('[RNG1] neither the banned, nor the blocked, nor who is no member', async () => {
        await make(['ann', 'bob', 'cleo', 'dan']);
        await blockUser(acts(), world.server(), { cid, user_id: 'cleo' as UserId });
        await banUser(world.services.acts, world.services.addressBans, world.server(), {
          target_user_id: 'dan' as UserId,
        });
        for (const [id, message] of [
          ['cleo', 'user is blocked on this call'],
          ['dan', 'user is banned'],
          ['eve', 'only members of a call ring'],
        ] as const) {
          const refused = { status: 403, message };
          await unchanged(() => ring(world.as(id)), refused);
          await unchanged(() => ring(world.server(), { user_id: id }), refused);
          const flags = { cid, ring: true, data: {} };
          await unchanged(() => getOrCreateCall(world.services, world.as(id), flags), refused);
        }
        await unchanged(() => ring(world.as('bob'), { user_id: 'ann' }), { status: 403 });
        await ring(world.server(), { user_id: 'bob' });
        expect(await heard('call.ring')).toEqual(['ann', 'dan']);
      });

      test('[RNG1] a banned caller creates nothing, and a server rings for the creator', async () => {
        await banUser(world.services.acts, world.services.addressBans, world.server(), {
          target_user_id: 'dan' as UserId,
        });
        const dan = { cid, ring: true, data: { members: members('ann') } };
        await unchanged(() => getOrCreateCall(world.services, world.as('dan'), dan), { status: 403 });
        expect(await world.rows('calls')).toEqual([]);
        await make(['bob']);
        await ring(world.server());
        expect((await told('call.ring'))[0]?.payload).toMatchObject({ user: { id: 'ann' } });
      });

      test('[RNG2] nobody rings in an ended call, or hidden', async () => {
        await world.user('root', { role: 'admin' as never });
        await make(['ann', 'bob', 'root']);
        const hidden = { cid, hidden: true, ring: true };
        await unchanged(() => joinCall(world.services, world.as('root'), hidden), {
          status: 400,
          fields: ['ring'],
        });
        await endCall(acts(), world.as('ann'), { cid });
        await unchanged(() => ring(), { status: 400, fields: ['id'] });
        await unchanged(() => make([], { notify: true }), { status: 400, fields: ['notify'] });
      });
    });

    describe('who is rung', () => {
      test('[RNG3] only members, and not more than 100', async () => {
        await make(['ann', 'bob']);
        await unchanged(() => ring(world.as('ann'), { members_ids: ['bob', 'eve'] }), {
          status: 400,
          fields: ['members_ids[1]'],
        });
        const many = Array.from({ length: 100 }, (_, at) => `many-${at}`);
        for (const id of many) await world.user(id);
        await getOrCreateCall(world.services, world.as('ann'), { cid, data: { members: members(...many) } });
        await unchanged(() => ring(), { status: 400, fields: ['id'] });
      });

      test.each([2, 5])('[RNG3] [RNG8] of %i people all but the caller', async (count) => {
        const ids = PEOPLE.slice(0, count);
        const { status } = await make(ids, { ring: true, video: false });
        expect(status).toBe(201);
        expect(await heard('call.ring')).toEqual(ids.slice(1));
        const [event] = await told('call.ring');
        expect(event?.payload).toMatchObject({ user: { id: 'ann' }, video: false, session_id: '' });
        expect(event && missingFields(event)).toEqual([]);
        expect((await told('call.created'))[0]?.payload.ringing).toBe(true);
        expect(await world.audits()).toMatchObject([
          { action: 'call.create', after: { rung: ids.slice(1) } },
        ]);
      });

      test('[RNG3] a join rings with the session that it begins', async () => {
        await make(['ann', 'bob']);
        const { body } = await joinCall(world.services, world.as('ann'), { cid, ring: true });
        const [event] = await told('call.ring');
        expect(event?.payload.session_id).toBe(body.call.session?.id);
        expect(await heard('call.ring')).toEqual(['bob']);
      });

      test.each([2, 5])('[RNG4] [RNG5] of %i people the banned hear it and cannot accept', async (count) => {
        const ids = PEOPLE.slice(0, count);
        await banUser(world.services.acts, world.services.addressBans, world.server(), {
          target_user_id: 'bob' as UserId,
        });
        await make(ids, { ring: true });
        expect(await heard('call.ring')).toEqual(ids.slice(1));
        expect(await refusedWith(accept('bob'))).toMatchObject({ status: 403, message: 'user is banned' });
        await world.pass(MISS_MS);
        expect(await heard('call.missed')).toEqual(ids.slice(1));
      });

      for (const [how, silence] of Object.entries(SILENCED)) {
        test.each([2, 5])(`[RNG4] [RNG5] of %i people, one who ${how} hears nothing`, async (count) => {
          const ids = PEOPLE.slice(0, count);
          await make(ids);
          await silence(world, 'bob' as UserId);
          const before = (await world.events(cid)).length;
          await ring();
          await make([], { notify: true });
          await world.pass(CANCEL_MS);
          await world.pass(MISS_MS);
          const others = ids.slice(2);
          expect(await heard('call.ring')).toEqual(others);
          expect(await heard('call.notification')).toEqual(others);
          expect(await heard('call.missed')).toEqual(others);
          const all = (await world.events(cid)).slice(before);
          for (const { audience } of all) {
            expect([...(audience.users ?? []), ...(audience.members ?? [])]).not.toContain('bob');
          }
          // To the caller it looks as if nobody had answered.
          expect((await told('call.rejected')).map(({ payload }) => payload.reason)).toEqual(['timeout']);
          expect((await world.rows('call_members')).map(({ user_id }) => user_id)).toContain('bob');
          expect((await session())?.missed_by ?? {}).not.toHaveProperty('bob');
        });
      }

      test('[RNG4] a block goes one way: whom the caller blocks is rung', async () => {
        await blockUsers(acts(), world.as('ann'), { blocked_user_id: 'bob' as UserId });
        await make(['ann', 'bob'], { ring: true });
        expect(await heard('call.ring')).toEqual(['bob']);
      });

      test('[RNG5] a call made with a ring is not told to whom the ring does not reach', async () => {
        await blockUsers(acts(), world.as('bob'), { blocked_user_id: 'ann' as UserId });
        await make(['ann', 'bob', 'cleo'], { ring: true });
        expect((await told('call.created'))[0]?.audience).toEqual({
          members: ['ann', 'cleo'],
          users: ['ann'],
        });
        await reject('ann', 'cancel');
        expect((await told('call.rejected'))[0]?.audience).toEqual({
          members: ['ann', 'cleo'],
          users: ['ann'],
        });
        expect(await heard('call.missed')).toEqual(['cleo']);
      });

      test('[RNG6] again reaches only who is not rung already and not in the call', async () => {
        await make(['ann', 'bob', 'cleo', 'dan'], { ring: true });
        const before = await world.traces();
        await ring();
        await make([], { ring: true });
        expect(await world.traces()).toEqual(before);
        await reject('bob');
        await joinCall(world.services, world.as('cleo'), { cid });
        await ring();
        expect(await heard('call.ring')).toEqual(['bob', 'bob', 'cleo', 'dan']);
      });

      test('[RNG7] notifying is told each time and waits for no answer', async () => {
        await make(['ann', 'bob', 'cleo'], { notify: true });
        await make([], { notify: true });
        await make([], { notify: true, ring: true });
        expect(await heard('call.notification')).toEqual(['bob', 'bob', 'bob', 'cleo', 'cleo', 'cleo']);
        expect((await told('call.notification')).flatMap(missingFields)).toEqual([]);
        expect((await told('call.created'))[0]?.payload.ringing).toBe(false);
        expect(await world.rows('rings')).toHaveLength(1);
      });
    });

    describe('answers', () => {
      test('[RNG9] nobody answers what does not ring, and nobody changes an answer', async () => {
        await make(['ann', 'bob', 'cleo']);
        await unchanged(() => accept('bob'), { status: 400, fields: ['id'] });
        await unchanged(() => reject('bob'), { status: 400, fields: ['id'] });
        await ring();
        await accept('bob');
        await reject('cleo', 'decline');
        await unchanged(() => reject('bob'), { status: 400, fields: ['id'] });
        await unchanged(() => accept('cleo'), { status: 400, fields: ['id'] });
        const before = await world.traces();
        expect((await accept('bob')).status).toBe(200);
        expect((await reject('cleo')).status).toBe(200);
        expect(await world.traces()).toEqual(before);
      });

      test('[RNG9] [RNG13] members and the caller hear the answers', async () => {
        await make(['ann', 'bob', 'cleo'], { ring: true });
        world.clock.advance(1000);
        await accept('bob');
        await reject('cleo', 'decline');
        const audience = { members: ['ann', 'bob', 'cleo'] };
        expect(await told('call.accepted')).toMatchObject([{ audience, payload: { user: { id: 'bob' } } }]);
        expect(await told('call.rejected')).toMatchObject([
          { audience, payload: { user: { id: 'cleo' }, reason: 'decline' } },
        ]);
        expect(
          [...(await told('call.accepted')), ...(await told('call.rejected'))].flatMap(missingFields),
        ).toEqual([]);
        const at = '2026-01-01T00:00:01.000Z';
        expect(await session()).toMatchObject({
          accepted_by: { bob: at },
          rejected_by: { cleo: at },
          missed_by: {},
        });
        expect((await world.audits()).map(({ action }) => action)).toEqual([
          'call.create',
          'call.accept',
          'call.reject',
        ]);
      });

      test('[RNG10] a server token names who answers, a user token nobody else', async () => {
        await make(['ann', 'bob', 'cleo'], { ring: true });
        for (const answer of [acceptCall, rejectCall]) {
          await unchanged(() => answer(acts(), world.server(), { cid }), {
            status: 400,
            fields: ['user_id'],
          });
          const other = { cid, user_id: 'cleo' as UserId };
          await unchanged(() => answer(acts(), world.as('bob'), other), { status: 403 });
        }
        await acceptCall(acts(), world.server(), { cid, user_id: 'bob' as UserId });
        await rejectCall(acts(), world.server(), { cid, user_id: 'cleo' as UserId });
        expect(await told('call.accepted')).toHaveLength(1);
      });

      test('[RNG11] the caller stops: who has not answered has missed it, once', async () => {
        await make(['ann', 'bob', 'cleo', 'dan'], { ring: true });
        await accept('cleo');
        await reject('ann', 'cancel');
        expect(await heard('call.missed')).toEqual(['bob', 'dan']);
        await unchanged(() => accept('bob'), { status: 400 });
        expect((await reject('ann')).status).toBe(200);
        await world.pass(MISS_MS);
        expect(await told('call.rejected')).toHaveLength(1);
        expect(await told('call.missed')).toHaveLength(1);
      });

      test('[RNG12] the busy have missed it', async () => {
        await make(['ann', 'bob', 'cleo'], { ring: true });
        await reject('bob', 'busy');
        expect(await heard('call.missed')).toEqual(['bob']);
        expect(await session()).toMatchObject({
          rejected_by: { bob: expect.any(String) },
          missed_by: { bob: expect.any(String) },
        });
      });
    });

    describe('time-outs', () => {
      test.each([2, 5])('[RNG14] [RNG15] of %i people nobody answers', async (count) => {
        const ids = PEOPLE.slice(0, count);
        await make(ids, { ring: true });
        await world.pass(CANCEL_MS - 1);
        expect(await told('call.rejected')).toEqual([]);
        await world.pass(1);
        expect(await told('call.rejected')).toMatchObject([
          { payload: { user: { id: 'ann' }, reason: 'timeout' } },
        ]);
        await world.pass(MISS_MS - CANCEL_MS - 1);
        expect(await told('call.missed')).toEqual([]);
        await world.pass(1);
        expect(await heard('call.missed')).toEqual(ids.slice(1));
        expect((await told('call.missed')).flatMap(missingFields)).toEqual([]);
        await world.pass(MISS_MS);
        expect((await told('call.rejected')).length + (await told('call.missed')).length).toBe(2);
        expect(
          await world.rows('timers').then((rows) => rows.filter(({ kind }) => kind.startsWith('ring.'))),
        ).toEqual([]);
      });

      test('[RNG14] [RNG15] once somebody accepts nothing is cancelled, and the others miss it', async () => {
        await make(PEOPLE, { ring: true });
        await accept('bob');
        await joinCall(world.services, world.as('cleo'), { cid });
        await world.pass(CANCEL_MS);
        await world.pass(MISS_MS);
        expect(await told('call.rejected')).toEqual([]);
        expect(await heard('call.missed')).toEqual(['dan', 'eve']);
      });

      test('[RNG14] [RNG15] of two time-outs that are both over the second may come first', async () => {
        await make(['ann', 'bob'], { ring: true });
        world.clock.advance(MISS_MS);
        const [missed] = (await world.rows('timers')).filter(({ kind }) => kind === RING_MISSED);
        const { key, due_at: dueAt, data } = missed!;
        const timer = { kind: RING_MISSED, key, dueAt, data: JSON.parse(data!), attempts: 0 };
        await acts().performDue(timer, missRing);
        await world.pass(0);
        const types = (await world.events(cid)).map(({ type }) => type);
        expect(types.slice(-2)).toEqual(['call.rejected', 'call.missed']);
        expect(types.filter((type) => type === 'call.rejected')).toHaveLength(1);
      });

      test('[RNG14] once all have rejected nothing follows', async () => {
        await make(['ann', 'bob', 'cleo'], { ring: true });
        await reject('bob');
        await reject('cleo');
        await world.pass(MISS_MS);
        expect((await told('call.rejected')).map(({ payload }) => payload.reason)).toEqual([
          undefined,
          undefined,
        ]);
        expect(await told('call.missed')).toEqual([]);
      });

      test('[RNG14] a client that cancels at the same time is not doubled', async () => {
        await make(['ann', 'bob'], { ring: true });
        await reject('ann', 'timeout');
        expect(await told('call.missed')).toEqual([]);
        await world.pass(MISS_MS);
        expect(await told('call.rejected')).toHaveLength(1);
        expect(await heard('call.missed')).toEqual(['bob']);
      });

      test('[RNG15] who has blocked the caller meanwhile is not told', async () => {
        await make(['ann', 'bob', 'cleo'], { ring: true });
        await blockUsers(acts(), world.as('bob'), { blocked_user_id: 'ann' as UserId });
        await world.pass(MISS_MS);
        expect(await heard('call.missed')).toEqual(['cleo']);
      });

      test('[RNG9] a caller who is blocked from the call meanwhile hears no more of it', async () => {
        await world.user('root', { role: 'admin' as never });
        await getOrCreateCall(world.services, world.as('root'), {
          cid,
          data: { members: members('ann', 'bob') },
        });
        await ring(world.as('ann'));
        await blockUser(acts(), world.as('root'), { cid, user_id: 'ann' as UserId });
        await accept('bob');
        expect((await told('call.accepted'))[0]?.audience.users).toEqual(['bob']);
      });

      test('[RNG13] a new session begins without the answers of the one before', async () => {
        await make(['ann', 'bob'], { ring: true });
        await accept('bob');
        await joinCall(world.services, world.as('bob'), { cid });
        expect((await session())?.accepted_by).toEqual({ bob: expect.any(String) });
        await blockUser(acts(), world.server(), { cid, user_id: 'bob' as UserId });
        await world.pass(60_000);
        await joinCall(world.services, world.as('ann'), { cid });
        expect((await session())?.accepted_by).toEqual({});
      });

      test('[RNG16] rings are dropped after 30 days', async () => {
        await make(['ann', 'bob'], { ring: true });
        await world.pass(29 * 86_400_000);
        expect(await world.rows('rings')).toHaveLength(1);
        await world.pass(2 * 86_400_000);
        expect([await world.rows('rings'), await world.rows('ring_callees')]).toEqual([[], []]);
      });
    });
  });
}
