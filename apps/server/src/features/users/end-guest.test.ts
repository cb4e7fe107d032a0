import type { CallCid, CreateGuestRequest, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { joinCall } from '../calls/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, missingFields, type World } from '../test/world.ts';
import { createGuest, deleteUsers } from './index.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

for (const engine of testEngines) {
  describe(`ends of guests on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await updateApp(world.services.acts, world.server(), {
        guests: { enabled: true, expire_after_minutes: 30 },
        anonymous_users: { enabled: true },
      });
      cid = await world.call('default:open');
    });
    afterEach(() => world.close());

    const anonymous = (expiresAt: number | null): ActRequest => ({
      caller: { kind: 'anonymous', token: { issuedAt: null, expiresAt, callCids: [cid], role: null } },
      requestId: 'req-guest',
      address: '203.0.113.5',
    });
    const makeGuest = async (): Promise<UserId> => {
      const input = { user: { name: 'Gus' } } as CreateGuestRequest;
      return (await createGuest(world.services.acts, anonymous(null), input, () => 'token')).body.user.id;
    };
    const told = async (type: string) => (await world.events()).filter((event) => event.type === type);
    const left = async () =>
      (await world.rows('outbox')).filter(({ type }) => type === 'call.session_participant_left').length;

    test('[GST9] before their time guests stay', async () => {
      const id = await makeGuest();
      await world.join(id, cid);
      await world.pass(30 * MINUTE_MS - 1);
      expect(await world.isIn(id, cid)).toBe(true);
      expect(await told('user.deleted')).toEqual([]);
    });

    test('[GST9] a guest who runs out is removed from calls and deleted: one record by the system, one event', async () => {
      const id = await makeGuest();
      await world.join(id, cid);
      await world.pass(30 * MINUTE_MS);
      await world.pass(DAY_MS);
      expect(await world.isIn(id, cid)).toBe(false);
      expect(await left()).toBe(1);
      const events = await told('user.deleted');
      expect(events).toMatchObject([{ audience: {}, payload: { user: { id, name: 'Gus' } } }]);
      expect(events.flatMap(missingFields)).toEqual([]);
      const records = (await world.audits()).filter(({ action }) => action === 'user.delete');
      expect(records).toMatchObject([{ actor_kind: 'system', target_id: id }]);
      expect((await world.rows('users')).find((row) => row.id === id)).toMatchObject({
        deletion: 'soft',
        name: 'Gus',
      });
    });

    test('[GST9] a guest who was deleted before is not told of again', async () => {
      const id = await makeGuest();
      await deleteUsers(world.services.acts, world.server(), { user_ids: [id] });
      await world.pass(30 * MINUTE_MS);
      expect(await told('user.deleted')).toHaveLength(1);
      expect((await world.audits()).filter(({ action }) => action === 'user.delete')).toHaveLength(1);
    });

    test('[ANO2] an anonymous person whose time is over is removed from calls, and no more is told', async () => {
      const ends = world.clock.now() + MINUTE_MS;
      const joined = await joinCall(world.services, anonymous(ends), { cid });
      const before = await world.traces();
      await world.pass(MINUTE_MS - 1);
      expect(await left()).toBe(0);
      await world.pass(1);
      expect(await left()).toBe(1);
      expect(await world.traces()).toEqual({ audits: before.audits, events: before.events + 1 });
      expect(
        (await world.rows('media_sessions')).find(({ id }) => id === joined.body.session_id)?.state,
      ).toBe('ended');
    });

    test('[ANO2] one who has left is not asked about', async () => {
      const ends = world.clock.now() + MINUTE_MS;
      await joinCall(world.services, anonymous(ends), { cid });
      await world.pass(MINUTE_MS);
      const jobs = (await world.rows('jobs')).length;
      await world.pass(DAY_MS);
      expect((await world.rows('jobs')).length).toBe(jobs);
      expect(await world.rows('timers')).not.toContainEqual(expect.objectContaining({ kind: 'guest.end' }));
    });
  });
}
