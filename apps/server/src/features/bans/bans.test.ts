import type { CallCid, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { createWorld, held, missingFields, refusedWith, type World } from '../test/world.ts';
import { type BanInput, banUser, queryBans, unbanUser } from './index.ts';

const MINUTE_MS = 60_000;
type By = ReturnType<World['server']>;

for (const engine of testEngines) {
  describe(`bans on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['john', 'sara', 'alice']) await world.user(id);
      await world.user('mod', { role: 'moderator' as never });
      await world.user('anna', { role: 'admin' as never });
      cid = await world.call('default:standup', { createdBy: 'john' });
    });
    afterEach(() => world.close());
    const ban = (by: By, id: string, input: Omit<BanInput, 'target_user_id'> = {}) =>
      banUser(world.services.acts, world.services.addressBans, by, {
        target_user_id: id as UserId,
        ...input,
      });
    const unban = (by: By, id?: string, channel_cid?: CallCid) =>
      unbanUser(world.services.acts, by, {
        ...(id !== undefined && { target_user_id: id as UserId }),
        ...(channel_cid !== undefined && { channel_cid }),
      });
    const list = async (input = {}, by: By = world.server()) => queryBans(world.services.acts, by, input);
    const joinRefusal = async (id: string) => (await world.policy(id, cid)).joinRefusal;

    test('[BAN1] user tokens below rank 300 may neither ban, unban nor query bans: 403, code 17', async () => {
      expect(await refusedWith(ban(world.as('john'), 'sara'))).toMatchObject({ status: 403 });
      expect(await refusedWith(unban(world.as('john'), 'sara'))).toMatchObject({ status: 403 });
      expect(await refusedWith(list({}, world.as('john')))).toMatchObject({ status: 403 });
      expect(await world.rows('bans')).toEqual([]);
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    test('[BAN2] oneself is 400, code 4; people of the same or a higher rank are 403, code 17', async () => {
      await world.user('mod2', { role: 'moderator' as never });
      expect(await refusedWith(ban(world.as('mod'), 'mod'))).toMatchObject({
        status: 400,
        fields: ['target_user_id'],
      });
      for (const id of ['mod2', 'anna']) {
        expect(await refusedWith(ban(world.as('mod'), id))).toMatchObject({ status: 403 });
        expect(await refusedWith(unban(world.as('mod'), id))).toMatchObject({ status: 403 });
      }
      await ban(world.as('anna'), 'mod');
      expect(await joinRefusal('mod')).toBe('banned');
    });

    test('[BAN3] an unknown target, moderator or call is 404, code 16, naming it', async () => {
      const missing = (work: Promise<unknown>, name: string) =>
        refusedWith(work).then((error) =>
          expect(error).toMatchObject({ status: 404, message: expect.stringContaining(name) }),
        );
      await missing(ban(world.server(), 'nobody'), 'nobody');
      await missing(ban(world.server(), 'sara', { banned_by_id: 'noone' as UserId }), 'noone');
      await missing(ban(world.server(), 'sara', { channel_cid: 'default:none' as CallCid }), 'default:none');
      await missing(unban(world.server(), 'nobody'), 'nobody');
      expect(await refusedWith(unban(world.server()))).toMatchObject({
        status: 400,
        fields: ['target_user_id'],
      });
      expect(await world.rows('bans')).toEqual([]);
    });

    test('[BAN4] a server token may name who bans; deactivated people do not act; a user token names its user or nobody', async () => {
      await world.user('gone', { role: 'admin' as never, deactivated_at: 1 });
      const by = (id: string) => ({ banned_by_id: id as UserId });
      expect(await refusedWith(ban(world.server(), 'sara', by('gone')))).toMatchObject({ status: 403 });
      expect(await refusedWith(ban(world.as('mod'), 'sara', by('anna')))).toMatchObject({ status: 403 });
      await ban(world.server(), 'sara', { user_id: 'alice' as UserId, banned_by_id: 'john' as UserId });
      expect((await list()).bans).toMatchObject([{ user: { id: 'sara' }, banned_by: { id: 'john' } }]);
      await ban(world.server(), 'john', { user_id: 'alice' as UserId });
      expect((await list()).bans).toContainEqual(
        expect.objectContaining({ banned_by: expect.objectContaining({ id: 'alice' }) }),
      );
      expect(await world.audits()).toMatchObject([{ as_id: 'john' }, { as_id: 'alice' }]);
    });

    test('[BAN5] the person is removed from every call at once, cannot join or create, and can still read', async () => {
      const other = await world.call('default:other');
      await world.join('sara', cid);
      await world.join('sara', other);
      const reply = await ban(world.as('mod'), 'sara', { reason: 'spam' });
      expect(reply).toMatchObject({ status: 201, body: {}, enforcement: { sessions: 2 } });
      expect(await world.isIn('sara', cid)).toBe(false);
      expect(await world.isIn('sara', other)).toBe(false);
      const policy = await world.policy('sara', cid);
      expect(policy).toMatchObject({ joinRefusal: 'banned', createRefusal: 'banned', readRefusal: null });
      expect(held(policy)).toEqual(['read-call']);
    });

    test('[BAN6] one audit record and user.banned with the terms and who did it', async () => {
      await ban(world.as('mod'), 'sara', { reason: 'spam', timeout: 30 });
      const [event] = await world.events();
      expect(event).toMatchObject({
        type: 'user.banned',
        audience: { users: ['sara'] },
        payload: {
          user: { id: 'sara', banned: true, ban_expires: '2026-01-01T00:30:00.000Z' },
          actor: { id: 'mod' },
          reason: 'spam',
          expires: '2026-01-01T00:30:00.000Z',
          shadow: false,
          ip_ban: false,
        },
      });
      expect(event && missingFields(event)).toEqual([]);
      expect(await world.audits()).toMatchObject([
        { action: 'ban.create', actor_id: 'mod', target_id: 'sara', reason: 'spam', before: null },
      ]);
    });

    test('[BAN7] timeout is in minutes; the ban ends by itself at its time; without timeout it does not end', async () => {
      await ban(world.server(), 'sara', { timeout: 30 });
      await ban(world.server(), 'alice', { reason: 'for half an hour' });
      world.clock.advance(30 * MINUTE_MS - 1);
      expect(await joinRefusal('sara')).toBe('banned');
      world.clock.advance(1);
      expect(await joinRefusal('sara')).toBe(null);
      expect((await list()).bans.map((row) => row.user.id)).toEqual(['alice']);
      world.clock.advance(10 * 365 * 24 * 60 * MINUTE_MS);
      expect(await joinRefusal('alice')).toBe('banned');
    });

    test('[BAN8] a ban with other terms replaces those in force and keeps its beginning; it is one row and one change', async () => {
      await ban(world.server(), 'sara', { reason: 'a' });
      world.clock.advance(MINUTE_MS);
      const reply = await ban(world.server(), 'sara', { reason: 'b', timeout: 5 });
      expect(reply.status).toBe(201);
      expect((await list()).bans).toMatchObject([
        { reason: 'b', created_at: '2026-01-01T00:00:00.000Z', expires: '2026-01-01T00:06:00.000Z' },
      ]);
      expect(await world.audits()).toMatchObject([
        { action: 'ban.create' },
        { action: 'ban.update', before: { reason: 'a', expires: null }, after: { reason: 'b' } },
      ]);
    });

    test('[BAN9] the same terms again are the same 201 with no event', async () => {
      await ban(world.server(), 'sara', { reason: 'a' });
      const before = await world.traces();
      world.clock.advance(MINUTE_MS);
      expect(await ban(world.as('mod'), 'sara', { reason: 'a' })).toMatchObject({ status: 201, body: {} });
      expect(await world.traces()).toEqual(before);
    });

    test('[BAN10] after its end a ban is a new one', async () => {
      await ban(world.server(), 'sara', { timeout: 1 });
      world.clock.advance(2 * MINUTE_MS);
      await ban(world.server(), 'sara', { reason: 'again' });
      expect((await list()).bans).toMatchObject([{ created_at: '2026-01-01T00:02:00.000Z' }]);
      expect(await world.audits()).toMatchObject([{ action: 'ban.create' }, { action: 'ban.create' }]);
    });

    test('[BAN11] unban lifts the ban, with one audit record and user.unbanned', async () => {
      await ban(world.server(), 'sara');
      expect(await unban(world.as('mod'), 'sara')).toMatchObject({ status: 200, body: {} });
      expect(await joinRefusal('sara')).toBe(null);
      const events = await world.events();
      expect(events).toContainEqual(
        expect.objectContaining({
          type: 'user.unbanned',
          payload: expect.objectContaining({
            user: expect.objectContaining({ id: 'sara', banned: false }),
            actor: expect.objectContaining({ id: 'mod' }),
            expired: false,
          }),
        }),
      );
      expect(events.flatMap(missingFields)).toEqual([]);
      expect((await world.audits()).at(-1)).toMatchObject({ action: 'ban.remove', target_id: 'sara' });
    });

    test('[BAN12] unban of somebody who is not banned, or whose ban has ended, is the same 200 with no event', async () => {
      expect(await unban(world.server(), 'sara')).toMatchObject({ status: 200, body: {} });
      await ban(world.server(), 'sara', { timeout: 1 });
      world.clock.advance(MINUTE_MS);
      const before = await world.traces();
      expect(await unban(world.server(), 'sara')).toMatchObject({ status: 200 });
      expect(await world.traces()).toEqual(before);
    });

    test('[BAN13] channel_cid bans from one call as a block does, beside a ban from the application', async () => {
      const other = await world.call('default:other');
      await world.join('sara', cid);
      await world.join('sara', other);
      await ban(world.server(), 'sara', { channel_cid: cid });
      expect(await world.isIn('sara', cid)).toBe(false);
      expect(await world.isIn('sara', other)).toBe(true);
      const here = await world.policy('sara', cid);
      expect(here).toMatchObject({ joinRefusal: 'banned_here', readRefusal: 'banned_here' });
      expect(held(here)).toEqual([]);
      expect((await world.policy('sara', other)).createRefusal).toBe(null);
      await ban(world.server(), 'sara');
      await unban(world.server(), 'sara');
      expect((await world.policy('sara', cid)).joinRefusal).toBe('banned_here');
      expect((await list({ filter_conditions: { channel_cid: cid } })).bans).toMatchObject([
        { channel_cid: cid },
      ]);
      await unban(world.server(), 'sara', cid);
      expect(await joinRefusal('sara')).toBe(null);
    });

    test('[BAN14] a shadow ban is shown as shadow_banned, keeps nobody out and is not told to the person', async () => {
      await world.join('sara', cid);
      await ban(world.server(), 'sara', { shadow: true, delete_messages: 'soft' });
      expect(await world.isIn('sara', cid)).toBe(true);
      expect(await joinRefusal('sara')).toBe(null);
      const [event] = await world.events();
      expect(event).toMatchObject({
        audience: {},
        payload: { shadow: true, user: { banned: false, shadow_banned: true } },
      });
      expect(event?.audience).toEqual({});
      expect((await list({ filter_conditions: { shadow: true } })).bans).toHaveLength(1);
    });

    test('[BAN15] fields that do not go together are 400, code 4', async () => {
      const fields = async (input: Omit<BanInput, 'target_user_id'>) =>
        (await refusedWith(ban(world.server(), 'sara', input))).fields;
      expect(await fields({ ip_ban: true, channel_cid: cid })).toEqual(['ip_ban']);
      expect(await fields({ ip_ban: true, shadow: true })).toEqual(['ip_ban']);
      expect(await fields({ ip_ranges: ['203.0.113.0/24'] })).toEqual(['ip_ranges']);
      expect(await fields({ ip_ban: true, ip_ranges: ['203.0.113.0/24', '0.0.0.0/0'] })).toEqual([
        'ip_ranges.1',
      ]);
      expect(await world.rows('bans')).toEqual([]);
    });

    test('[BAN16] deleted people can be banned and stay banned', async () => {
      await world.user('left', { deleted_at: 1 });
      await ban(world.server(), 'left');
      expect((await list()).bans).toMatchObject([{ user: { id: 'left' } }]);
    });

    test('[BAN17] the list shows bans in force, latest first, filtered, sorted and paged by cursor', async () => {
      for (const id of ['sara', 'alice', 'john']) {
        await ban(world.server(), id, { reason: id });
        world.clock.advance(MINUTE_MS);
      }
      const ids = async (input: object) => (await list(input)).bans.map((row) => row.user.id);
      expect(await ids({})).toEqual(['john', 'alice', 'sara']);
      expect(await ids({ filter_conditions: { user_id: { $in: ['sara', 'john'] } } })).toEqual([
        'john',
        'sara',
      ]);
      expect(await ids({ sort: [{ field: 'user_id', direction: 1 }] })).toEqual(['alice', 'john', 'sara']);
      const first = await list({ limit: 2 });
      expect(await ids({ limit: 2, next: first.next })).toEqual(['sara']);
      expect(await refusedWith(list({ filter_conditions: { nope: 1 } }))).toMatchObject({ status: 400 });
      expect(await ids({ filter_conditions: { channel_cid: { $exists: false } } })).toHaveLength(3);
    });

    test('[BAN18] with multi-tenancy on, user tokens ban people of their teams alone and query no bans', async () => {
      await updateApp(world.services.acts, world.server(), { multi_tenant_enabled: true });
      await world.user('red', { teams: '["red"]' });
      await world.user('redmod', { teams: '["red"]', role: 'moderator' as never });
      expect(await refusedWith(ban(world.as('redmod'), 'sara'))).toMatchObject({ status: 403 });
      expect(await refusedWith(list({}, world.as('redmod')))).toMatchObject({ status: 403 });
      expect(await ban(world.as('redmod'), 'red')).toMatchObject({ status: 201 });
    });

    test('[BAN19] a banned or deactivated moderator does not ban', async () => {
      await ban(world.as('anna'), 'mod');
      expect(await refusedWith(ban(world.as('mod'), 'sara'))).toMatchObject({ status: 403 });
      await world.user('away', { role: 'admin' as never, deactivated_at: 1 });
      expect(await refusedWith(ban(world.as('away'), 'sara'))).toMatchObject({ status: 403 });
    });
  });
}
