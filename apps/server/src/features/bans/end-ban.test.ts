import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, missingFields, type World } from '../test/world.ts';
import { type BanInput, banUser, unbanUser } from './index.ts';

const MINUTE_MS = 60_000;

for (const engine of testEngines) {
  describe(`ends of bans on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'bob']) await world.user(id);
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const ban = (id: string, input: Omit<BanInput, 'target_user_id'> = {}) =>
      banUser(world.services.acts, world.services.addressBans, world.server(), {
        target_user_id: id as UserId,
        ...input,
      });
    const unban = (id: string) =>
      unbanUser(world.services.acts, world.server(), { target_user_id: id as UserId });
    const unbanned = async () => (await world.events()).filter(({ type }) => type === 'user.unbanned');

    test('[BAN20] it is not told before its time', async () => {
      await ban('sara', { timeout: 1 });
      const before = await world.traces();
      await world.pass(MINUTE_MS - 1);
      expect(await world.traces()).toEqual(before);
      expect(await world.rows('bans')).toHaveLength(1);
    });

    test('[BAN20] at its time one record by the system and one event tell it, and its row is gone', async () => {
      await ban('sara', { timeout: 1, reason: 'spam' });
      await world.pass(MINUTE_MS);
      await world.pass(MINUTE_MS);
      expect(await world.rows('bans')).toEqual([]);
      const events = await unbanned();
      expect(events).toMatchObject([
        {
          cid: null,
          audience: { users: ['sara'] },
          payload: { expired: true, user: { id: 'sara', banned: false } },
        },
      ]);
      expect(events[0]?.payload).not.toHaveProperty('actor');
      expect(events.flatMap(missingFields)).toEqual([]);
      const ends = (await world.audits()).filter(({ action }) => action === 'ban.remove');
      expect(ends).toMatchObject([
        {
          ...{ actor_kind: 'system', actor_id: null, target_id: 'sara' },
          ...{ before: { banned: true, reason: 'spam' }, after: { banned: false } },
        },
      ]);
      expect(ends[0]?.job_id).not.toBeNull();
    });

    test('[BAN20] a ban from one call ends there, a shadow ban is told to webhooks alone', async () => {
      await ban('sara', { timeout: 1, channel_cid: cid });
      await ban('bob', { timeout: 1, shadow: true });
      await world.pass(MINUTE_MS);
      const events = await unbanned();
      expect(events).toHaveLength(2);
      expect(events.find((event) => event.cid === cid)).toMatchObject({
        audience: { users: ['sara'] },
        payload: { channel_cid: cid, expired: true },
      });
      expect(events.find((event) => event.cid === null)?.audience).toEqual({});
      expect(
        (await world.audits()).filter(({ action, cid: of }) => action === 'ban.remove' && of === cid),
      ).toHaveLength(1);
    });

    test('[BAN20] [IPB8] a ban of addresses ends with its prefixes', async () => {
      await ban('sara', { timeout: 1, ip_ban: true, ip_ranges: ['198.51.100.0/24'] });
      expect(await world.rows('ip_bans')).not.toEqual([]);
      await world.pass(MINUTE_MS);
      expect(await world.rows('ip_bans')).toEqual([]);
      expect(await unbanned()).toHaveLength(1);
    });

    test('[BAN20] whoever is deleted meanwhile is told of all the same', async () => {
      await world.user('left', { deleted_at: 1 });
      await ban('left', { timeout: 1 });
      await world.pass(MINUTE_MS);
      expect(await unbanned()).toHaveLength(1);
    });

    test('[BAN21] a ban between the end of another one and its announcement tells that end first', async () => {
      await ban('sara', { timeout: 1, reason: 'first' });
      world.clock.advance(MINUTE_MS);
      await ban('sara', { timeout: 5, reason: 'second' });
      const told = (await world.events()).map(({ type, payload }) => [type, payload.expired]);
      expect(told.sort()).toEqual([
        ['user.banned', undefined],
        ['user.banned', undefined],
        ['user.unbanned', true],
      ]);
      await world.pass(MINUTE_MS);
      expect(await unbanned()).toHaveLength(1);
      await world.pass(4 * MINUTE_MS);
      expect(await unbanned()).toHaveLength(2);
    });

    test('[BAN22] other terms move the end; without an end, and after an unban, nothing is told', async () => {
      await ban('sara', { timeout: 1 });
      await ban('sara', { timeout: 3 });
      await ban('bob', { timeout: 1 });
      await ban('bob', { reason: 'for good' });
      await ban('john', { timeout: 1 });
      await unban('john');
      const after = await world.traces();
      await world.pass(2 * MINUTE_MS);
      expect(await world.traces()).toEqual(after);
      await world.pass(MINUTE_MS);
      expect((await unbanned()).filter(({ payload }) => payload.expired)).toHaveLength(1);
      await world.pass(365 * 24 * 60 * MINUTE_MS);
      expect(await world.rows('bans')).toMatchObject([{ target_user_id: 'bob' }]);
    });

    test('[BAN22] an unban at the same time as the end is told once', async () => {
      for (let round = 0; round < 5; round++) {
        await ban('sara', { timeout: 1 });
        world.clock.advance(MINUTE_MS);
        await Promise.all([world.services.timers.tick(), unban('sara'), ban('sara', { reason: `${round}` })]);
        await world.services.timers.tick();
        // The new ban may be lifted by the unban, or stay.
        expect((await unbanned()).filter(({ payload }) => payload.expired)).toHaveLength(round + 1);
        await unban('sara');
      }
    });
  });
}
