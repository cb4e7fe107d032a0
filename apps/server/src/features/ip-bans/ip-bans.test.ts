import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { type BanInput, banUser, unbanUser } from '../bans/index.ts';
import { endSession, sessionsOfCall } from '../media/index.ts';
import { createWorld, HOME, held, type World } from '../test/world.ts';

const HOUR_MS = 60 * 60 * 1000;

for (const engine of testEngines) {
  describe(`bans by address on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'alice', 'bob']) await world.user(id);
      await world.user('mod', { role: 'moderator' as never });
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const ban = (
      id: string,
      input: Omit<BanInput, 'target_user_id'> = { ip_ban: true },
      by = world.server(),
    ) =>
      banUser(world.services.acts, world.services.addressBans, by, {
        target_user_id: id as UserId,
        ...input,
      });
    const unban = (id: string) =>
      unbanUser(world.services.acts, world.server(), { target_user_id: id as UserId });
    const endSessionsOf = (id: string) =>
      world.services.database.write(async (tx) => {
        const sessions = (await sessionsOfCall(tx, cid)).filter((session) => session.user_id === id);
        for (const session of sessions) await endSession(tx, session.id, world.clock.now(), 'left');
      });
    const refusalFrom = async (address: string, id = 'alice') =>
      (await world.policy(id, cid, address)).joinRefusal;

    test('[IPB6] others from the address are removed at once and refused, and can still read', async () => {
      await world.join('sara', cid);
      await world.join('alice', cid);
      await world.join('bob', cid, { address: '203.0.113.2' });
      const reply = await ban('sara');
      expect(reply.status).toBe(201);
      expect(await world.isIn('alice', cid)).toBe(false);
      expect(await world.isIn('bob', cid)).toBe(true);
      const policy = await world.policy('alice', cid, HOME);
      expect(policy).toMatchObject({
        joinRefusal: 'address_banned',
        createRefusal: 'address_banned',
        readRefusal: null,
      });
      expect(held(policy)).toEqual(['read-call']);
      expect(await refusalFrom('203.0.113.2')).toBe(null);
    });

    test('[IPB6] an address within a banned range is refused in whatever form it is written', async () => {
      await ban('sara', { ip_ban: true, ip_ranges: ['203.0.113.0/26', '2001:db8:aa00::/42'] });
      expect(await refusalFrom('203.0.113.63')).toBe('address_banned');
      expect(await refusalFrom('::ffff:203.0.113.63')).toBe('address_banned');
      expect(await refusalFrom('203.0.113.64')).toBe(null);
      expect(await refusalFrom('2001:DB8:aa3f:0::1')).toBe('address_banned');
      expect(await refusalFrom('2001:db8:aa40::1')).toBe(null);
      expect(await refusalFrom('no address')).toBe(null);
    });

    test('[IPB7] moderators, admins and roles of their rank are exempt; server tokens never count', async () => {
      await world.join('sara', cid);
      await world.join('mod', cid);
      await ban('sara');
      expect(await world.isIn('mod', cid)).toBe(true);
      expect(await refusalFrom(HOME, 'mod')).toBe(null);
      expect((await world.policy('alice', cid, null)).joinRefusal).toBe(null);
    });

    test('[IPB8] the addresses are free again when the ban ends by itself, is lifted or replaced', async () => {
      await world.join('sara', cid);
      await ban('sara', { ip_ban: true, timeout: 30 });
      world.clock.advance(30 * 60_000 - 1);
      expect(await refusalFrom(HOME)).toBe('address_banned');
      world.clock.advance(1);
      expect(await refusalFrom(HOME)).toBe(null);
      await ban('sara');
      await unban('sara');
      expect(await refusalFrom(HOME)).toBe(null);
      await ban('sara');
      expect(await refusalFrom(HOME)).toBe('address_banned');
      await ban('sara', { reason: 'no address' });
      expect(await refusalFrom(HOME)).toBe(null);
      await unban('sara');
      expect(await world.rows('ip_bans')).toEqual([]);
    });

    test('[IPB9] two bans that share an address do not lift each other', async () => {
      await world.join('sara', cid);
      await world.join('bob', cid);
      await ban('sara');
      await ban('bob');
      await unban('sara');
      expect(await refusalFrom(HOME)).toBe('address_banned');
      await unban('bob');
      expect(await refusalFrom(HOME)).toBe(null);
    });

    test('[IPB10] the reply counts prefixes and the others hit now and in the last day; prefixes are for server tokens', async () => {
      await world.join('bob', cid);
      world.clock.advance(23 * HOUR_MS);
      await world.join('sara', cid);
      await world.join('alice', cid);
      await world.join('mod', cid);
      await endSessionsOf('bob');
      const { body } = await ban('sara');
      expect(body).toEqual({
        ip_ban: { prefix_count: 1, prefixes: [`${HOME}/32`], others_in_calls: 1, others_last_24_hours: 2 },
      });
      const again = await ban('sara', { ip_ban: true, reason: 'x' }, world.as('mod'));
      expect(again.body.ip_ban).not.toHaveProperty('prefixes');
    });

    test('[IPB10] people in an IPv6 range are found whatever the text of their address', async () => {
      await world.join('alice', cid, { address: '2001:db8:0:1:2:3:4:5' });
      await world.join('bob', cid, { address: '2001:db8::1:0:0:0:9' });
      await world.join('john', cid, { address: '2001:db8:0:2::1' });
      const { body } = await ban('sara', {
        ip_ban: true,
        ip_ranges: ['2001:db8:0:1::/64'],
        dry_run: true,
      });
      expect(body.ip_ban?.others?.map((other) => other.user_id).sort()).toEqual(['alice', 'bob']);
    });

    test('[IPB11] a dry run names whom the ban would hit and changes nothing', async () => {
      await world.join('sara', cid);
      world.clock.advance(1000);
      await world.join('alice', cid);
      const reply = await ban('sara', { ip_ban: true, dry_run: true });
      expect(reply).toMatchObject({
        status: 200,
        body: {
          dry_run: true,
          ip_ban: {
            prefix_count: 1,
            others_in_calls: 1,
            others: [{ user_id: 'alice', in_call: true, last_seen_at: '2026-01-01T00:00:01.000Z' }],
          },
        },
      });
      expect(await world.rows('bans')).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      expect(await world.isIn('sara', cid)).toBe(true);
    });

    test('[IPB12] with no known address the ban holds all the same', async () => {
      const { body } = await ban('sara');
      expect(body.ip_ban).toMatchObject({ prefix_count: 0, others_in_calls: 0 });
      expect((await world.policy('sara', cid)).joinRefusal).toBe('banned');
    });

    test('[IPB13] banning a guest takes the address too unless told otherwise', async () => {
      await updateApp(world.services.acts, world.server(), { guests: { enabled: true } });
      await world.user('guest-1', { role: 'guest' as never });
      await world.join('guest-1', cid);
      await ban('guest-1', { ip_ban: false });
      expect(await refusalFrom(HOME)).toBe(null);
      await unban('guest-1');
      await world.join('guest-1', cid);
      const { body } = await ban('guest-1', {});
      expect(body.ip_ban).toMatchObject({ prefix_count: 1 });
      expect(await refusalFrom(HOME)).toBe('address_banned');
    });

    test('[IPB14] addresses older than 24 hours are not taken', async () => {
      await world.join('sara', cid);
      await endSessionsOf('sara');
      world.clock.advance(24 * HOUR_MS + 1);
      expect((await ban('sara')).body.ip_ban).toMatchObject({ prefix_count: 0 });
    });

    test('[IPB5] the allowlist spares addresses that are banned already; private ones need the switch', async () => {
      await world.join('sara', cid);
      await ban('sara');
      await updateApp(world.services.acts, world.server(), { ip_bans: { allowlist: [HOME] } });
      expect(await refusalFrom(HOME)).toBe(null);
      const { body } = await ban('sara', { ip_ban: true, ip_ranges: ['10.0.0.0/8'] });
      expect(body.ip_ban).toMatchObject({ prefix_count: 0, skipped: [{ reason: 'private', count: 1 }] });
      await updateApp(world.services.acts, world.server(), { ip_bans: { include_private: true } });
      await ban('sara', { ip_ban: true, ip_ranges: ['10.0.0.0/8'] });
      expect(await refusalFrom('10.9.9.9')).toBe('address_banned');
    });

    test('[IPB15] the same ban with the same addresses is a no-op, with other addresses a change', async () => {
      await world.join('sara', cid);
      await ban('sara');
      const before = await world.traces();
      expect(await ban('sara')).toMatchObject({ status: 201 });
      expect(await world.traces()).toEqual(before);
      await ban('sara', { ip_ban: true, ip_ranges: ['198.51.100.0/24'] });
      expect((await world.traces()).audits).toBe(before.audits + 1);
      expect(await refusalFrom('198.51.100.200')).toBe('address_banned');
      expect(await refusalFrom(HOME)).toBe(null);
    });
  });
}
