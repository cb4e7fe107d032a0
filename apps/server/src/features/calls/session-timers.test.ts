import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { blockUser } from '../call-blocks/index.ts';
import { updateCallType } from '../call-types/index.ts';
import { createWorld, missingFields, type World } from '../test/world.ts';
import { endCall, getCall, getOrCreateCall, joinCall, leaveCall, updateCall } from './index.ts';

const cid = 'default:standup' as CallCid;
const GRACE_MS = 30_000;
const limit = (seconds: number | null) => ({ limits: { max_duration_seconds: seconds } });

for (const engine of testEngines) {
  describe(`ends of sessions on ${engine.name}`, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob']) await world.user(id);
    });
    afterEach(() => world.close());

    const acts = () => world.services.acts;
    const make = (settings: object = {}, of = cid) =>
      getOrCreateCall(world.services, world.as('john'), { cid: of, data: { settings_override: settings } });
    const join = (id: string, of = cid) => joinCall(world.services, world.as(id), { cid: of });
    const leave = (id: string, of = cid) => leaveCall(acts(), world.as(id), { cid: of });
    const told = async (type: string, of = cid) =>
      (await world.events(of)).filter((event) => event.type === type);
    const call = async () => (await getCall(acts(), world.as('john'), { cid })).call;

    describe('after the last person left', () => {
      test('[SES21] nothing is told before 30 s are over', async () => {
        await make();
        await join('sara');
        await leave('sara');
        await world.pass(GRACE_MS);
        expect(await told('call.session_ended')).toEqual([]);
      });

      test('[SES21] the end is told to watchers, once, and leaves no record', async () => {
        await make();
        const { session_id } = (await join('sara')).body;
        const id = (await call()).current_session_id;
        await leave('sara');
        const { audits } = await world.traces();
        await world.pass(GRACE_MS + 1);
        await world.pass(GRACE_MS);
        const ends = await told('call.session_ended');
        expect(session_id).not.toBe(id);
        expect(ends).toMatchObject([{ audience: { watchers: true }, payload: { session_id: id } }]);
        expect(ends.flatMap(missingFields)).toEqual([]);
        expect((await world.traces()).audits).toBe(audits);
        await join('sara');
        expect(await told('call.session_ended')).toHaveLength(1);
      });

      test('[SES21] a join before keeps the session, and its end is counted anew', async () => {
        await make();
        await join('sara');
        await leave('sara');
        await world.pass(GRACE_MS);
        await join('bob');
        await world.pass(GRACE_MS);
        expect(await told('call.session_ended')).toEqual([]);
        await leave('bob');
        await world.pass(GRACE_MS + 1);
        expect(await told('call.session_ended')).toHaveLength(1);
        expect(await told('call.session_started')).toHaveLength(1);
      });

      test('[SES21] people who are removed are the last to leave, too', async () => {
        await make();
        await join('sara');
        await blockUser(acts(), world.server(), { cid, user_id: 'sara' as UserId });
        await world.pass(GRACE_MS + 1);
        expect(await told('call.session_ended')).toHaveLength(1);
      });

      test('[SES21] [CAL20] the end of a call tells it, and nothing later does', async () => {
        await make();
        await join('sara');
        await endCall(acts(), world.as('john'), { cid });
        await world.pass(2 * GRACE_MS);
        expect(await told('call.session_ended')).toHaveLength(1);
        expect(await world.rows('timers')).not.toContainEqual(expect.objectContaining({ key: cid }));
      });

      test('[SES21] a call that ends before it was told tells it', async () => {
        await make();
        await join('sara');
        await leave('sara');
        world.clock.advance(GRACE_MS + 1);
        await endCall(acts(), world.as('john'), { cid });
        await world.services.timers.tick();
        expect(await told('call.session_ended')).toHaveLength(1);
      });

      test('[SES21] a join at the moment of the end is of one session or the next, told alike', async () => {
        await make();
        for (let round = 1; round <= 5; round++) {
          await join('sara');
          await leave('sara');
          world.clock.advance(GRACE_MS + 1);
          await Promise.all([world.services.timers.tick(), join('bob')]);
          expect(await told('call.session_ended')).toHaveLength(2 * round - 1);
          expect(await told('call.session_started')).toHaveLength(2 * round);
          await leave('bob');
          await world.pass(GRACE_MS + 1);
        }
      });
    });

    describe('max_duration_seconds', () => {
      test('[SES22] before its time nobody is removed', async () => {
        await make(limit(60));
        await join('sara');
        await world.pass(59_999);
        expect(await world.isIn('sara', cid)).toBe(true);
        expect(await told('call.ended')).toEqual([]);
      });

      test('[SES22] at its time the call ends: everybody is removed, one record by the system, told once', async () => {
        await make(limit(60));
        await world.pass(10_000);
        await join('sara');
        expect((await call()).session).toMatchObject({ timer_ends_at: '2026-01-01T00:01:10.000Z' });
        await world.pass(30_000);
        await join('bob');
        await world.pass(30_000);
        await world.pass(GRACE_MS + 1);
        for (const id of ['sara', 'bob']) expect(await world.isIn(id, cid)).toBe(false);
        const ends = await told('call.ended');
        expect(ends).toMatchObject([
          { audience: { members: [], watchers: true }, payload: { reason: 'timer' } },
        ]);
        expect(ends[0]?.payload).not.toHaveProperty('user');
        expect(ends.flatMap(missingFields)).toEqual([]);
        expect(await told('call.session_ended')).toHaveLength(1);
        expect((await told('call.session_participant_left')).map(({ payload }) => payload.reason)).toEqual([
          'ended',
          'ended',
        ]);
        expect((await world.audits()).filter(({ action }) => action === 'call.end')).toMatchObject([
          { actor_kind: 'system', actor_id: null, reason: 'timer', target_id: cid },
        ]);
        expect(await call()).toMatchObject({ ended_at: '2026-01-01T00:01:10.000Z', current_session_id: '' });
      });

      test('[SES22] it is counted from the start of each session anew', async () => {
        await make(limit(60));
        await join('sara');
        await leave('sara');
        await world.pass(50_000);
        await join('sara');
        await world.pass(59_999);
        expect(await told('call.ended')).toEqual([]);
        await world.pass(1);
        expect(await told('call.ended')).toHaveLength(1);
      });

      test('[SES22] whoever ends the call before ends it once', async () => {
        await make(limit(60));
        await join('sara');
        await endCall(acts(), world.as('john'), { cid });
        await world.pass(60_000);
        expect(await told('call.ended')).toMatchObject([{ payload: { reason: 'ended_by_user' } }]);
      });

      test('[SES23] the end moves with the setting of the call, both ways, and goes with it', async () => {
        const set = (seconds: number | null) =>
          updateCall(acts(), world.as('john'), { cid, settings_override: limit(seconds) });
        await make();
        await join('sara');
        await set(60);
        await set(120);
        await world.pass(60_000);
        expect(await told('call.ended')).toEqual([]);
        await set(null);
        await world.pass(600_000);
        expect(await told('call.ended')).toEqual([]);
        await set(700);
        await world.pass(39_999);
        expect(await told('call.ended')).toEqual([]);
        await world.pass(1);
        expect(await told('call.ended')).toHaveLength(1);
      });

      test('[SES23] set to what is over already, the call ends', async () => {
        await make();
        await join('sara');
        await world.pass(120_000);
        await updateCall(acts(), world.as('john'), { cid, settings_override: limit(60) });
        expect(await world.isIn('sara', cid)).toBe(false);
        await world.services.timers.tick();
        expect(await told('call.ended')).toMatchObject([{ payload: { reason: 'timer' } }]);
        await world.pass(2 * GRACE_MS);
        expect(await told('call.session_ended')).toHaveLength(1);
      });

      test('[SES23] the end moves with the setting of the call type, except where the call overrides it', async () => {
        const own = 'default:own' as CallCid;
        const set = (seconds: number | null) =>
          updateCallType(acts(), world.server(), { name: 'default' as never, settings: limit(seconds) });
        await make();
        await make(limit(600), own);
        await join('sara');
        await join('bob', own);
        await set(60);
        await world.pass(59_999);
        expect(await told('call.ended')).toEqual([]);
        await world.pass(1);
        expect(await told('call.ended')).toHaveLength(1);
        expect(await told('call.ended', own)).toEqual([]);
        await world.pass(540_000);
        expect(await told('call.ended', own)).toHaveLength(1);
      });

      test('[SES23] a longer one of the call type, set in time, lets the session go on', async () => {
        const set = (seconds: number | null) =>
          updateCallType(acts(), world.server(), { name: 'default' as never, settings: limit(seconds) });
        await set(60);
        await make();
        await join('sara');
        await world.pass(30_000);
        await set(90);
        await world.pass(59_999);
        expect(await told('call.ended')).toEqual([]);
        await set(null);
        await world.pass(60_000);
        expect(await world.isIn('sara', cid)).toBe(true);
      });

      test('[SES23] a call that was empty when its type changed counts by it when somebody is back', async () => {
        await make();
        await join('sara');
        await leave('sara');
        await updateCallType(acts(), world.server(), { name: 'default' as never, settings: limit(60) });
        await world.pass(10_000);
        await join('sara');
        await world.pass(50_000);
        expect(await told('call.ended')).toHaveLength(1);
      });

      test('[SES23] however many calls of the type people are in', async () => {
        const cids = Array.from({ length: 130 }, (_, at) => `default:many-${at}` as CallCid);
        for (const of of cids) {
          await world.call(of);
          await join('sara', of);
        }
        await updateCallType(acts(), world.server(), { name: 'default' as never, settings: limit(60) });
        await world.pass(60_000);
        expect((await world.rows('calls')).filter(({ ended_at }) => ended_at === null)).toEqual([]);
      });
    });
  });
}
