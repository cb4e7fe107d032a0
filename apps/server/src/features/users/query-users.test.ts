import type { QueryUsersRequest, RoleName, UserId } from '@callgate/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, refusedWith, WORLD_START, type World } from '../test/world.ts';
import { queryUsers } from './query-users.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeAll(async () => {
      world = await createWorld(engine);
      const at = (created_at: number) => ({ created_at: WORLD_START + created_at });
      await world.user('ada', {
        ...at(1),
        role: 'admin' as RoleName,
        name: 'Ada',
        teams: '["north","south"]',
      });
      await world.user('ben', { ...at(2), teams: '["north"]', custom: '{"age":7}' });
      await world.user('cleo', { ...at(3), teams: '["south"]', revoke_tokens_issued_before: 5 });
      await world.user('dan', at(4));
      await world.user('eve', { ...at(5), deactivated_at: WORLD_START });
      await world.user('finn', { ...at(6), deleted_at: WORLD_START, deletion: 'soft' });
      await world.user('guest-1', { ...at(7), role: 'guest' as RoleName, guest_expires_at: WORLD_START });
      const open = WORLD_START + 1e9;
      await world.user('guest-2', { ...at(8), role: 'guest' as RoleName, guest_expires_at: open });
      await world.insert('bans', ban('ben', {}), ban('cleo', { expires_at: WORLD_START }));
      await world.insert('bans', ban('dan', { shadow: 1 }), ban('ada', { cid: 'default:one' }));
      await world.insert('user_blocks', blockOf('dan', 'ben'), blockOf('ada', 'dan'));
      await setApp({ guests: { enabled: true } });
    });
    afterAll(() => world.close());

    const setApp = (change: Parameters<typeof updateApp>[2]) =>
      updateApp(world.services.acts, world.server(), change);
    const query = (input: QueryUsersRequest = {}, request: ActRequest = world.server()) =>
      queryUsers(world.services.acts, request, input);
    const idsOf = async (input?: QueryUsersRequest, request?: ActRequest) =>
      (await query(input, request)).users.map((user) => user.id);

    it('[USR34] guests cannot search', async () => {
      const work = query({}, world.as('guest-2'));
      expect(await refusedWith(work)).toMatchObject({ status: 403, message: 'guests cannot search users' });
      const token = { issuedAt: null, expiresAt: null, callCids: null, role: null };
      const anonymous: ActRequest = { ...world.as('ada'), caller: { kind: 'anonymous', token } };
      expect(await refusedWith(query({}, anonymous))).toMatchObject({ status: 403, kind: 'not_allowed' });
    });

    it.each(['eve', 'finn', 'guest-1'])('[USR27] %s is refused in the read itself', async (id) => {
      expect(await refusedWith(query({}, world.as(id)))).toMatchObject({ status: 403 });
    });

    it('[USR35] unknown fields, operators and foreign cursors are refused', async () => {
      const bad: [QueryUsersRequest, string][] = [
        [{ filter_conditions: { secret: 1 } }, 'filter_conditions.secret'],
        [{ filter_conditions: { id: { $like: 'a' } } }, 'filter_conditions.id.$like'],
        [{ filter_conditions: { banned: 'yes' } }, 'filter_conditions.banned'],
        [{ sort: [{ field: 'custom.age' }] }, 'sort[0].field'],
      ];
      for (const [input, field] of bad) expect((await refusedWith(query(input))).fields).toEqual([field]);
      const { next } = await query({ limit: 1 });
      const foreign = await refusedWith(
        query({ limit: 1, filter_conditions: { role: 'user' }, next: next ?? '' }),
      );
      expect(foreign.fields).toEqual(['next']);
    });

    it('[USR32] newest first; neither deleted, expired nor deactivated users unless asked for', async () => {
      expect(await idsOf()).toEqual(['guest-2', 'dan', 'cleo', 'ben', 'ada']);
      expect(await idsOf({ include_deactivated_users: true })).toEqual([
        'guest-2',
        'eve',
        'dan',
        'cleo',
        'ben',
        'ada',
      ]);
    });

    it('[USR30] bans in force of the whole application are told and found', async () => {
      const { users } = await query({ sort: [{ field: 'id' }] });
      const told = users.map(({ id, banned, shadow_banned }) => [id, banned, shadow_banned]);
      expect(told.slice(0, 4)).toEqual([
        ['ada', false, false],
        ['ben', true, false],
        ['cleo', false, false],
        ['dan', false, true],
      ]);
      expect(users[1]?.ban_expires).toBe(new Date(WORLD_START + 1000).toISOString());
      expect(users[3]).not.toHaveProperty('ban_expires');
      expect(await idsOf({ filter_conditions: { banned: true } })).toEqual(['ben']);
      expect(await idsOf({ filter_conditions: { shadow_banned: true } })).toEqual(['dan']);
    });

    it('[USR35] filters on every kind of field', async () => {
      const filters: [Record<string, unknown>, string[]][] = [
        [{ role: { $in: ['admin', 'guest'] } }, ['guest-2', 'ada']],
        [{ teams: { $contains: 'south' } }, ['cleo', 'ada']],
        [{ 'custom.age': { $gt: 6 } }, ['ben']],
        [{ name: { $autocomplete: 'ad' } }, ['ada']],
        [{ created_at: { $lt: new Date(WORLD_START + 3).toISOString() } }, ['ben', 'ada']],
      ];
      for (const [filter_conditions, ids] of filters) expect(await idsOf({ filter_conditions })).toEqual(ids);
    });

    it('[USR31] what servers, oneself and others see', async () => {
      const seenBy = async (request: ActRequest) => {
        const { users } = await query({ sort: [{ field: 'id' }] }, request);
        return users.map((user) => [user.id, user.blocked_user_ids, user.revoke_tokens_issued_before]);
      };
      const byServer = await seenBy(world.server());
      expect(byServer.slice(0, 3)).toEqual([
        ['ada', ['dan'], undefined],
        ['ben', [], undefined],
        ['cleo', [], '1970-01-01T00:00:00.005Z'],
      ]);
      const byDan = await seenBy(world.as('dan'));
      expect(byDan.find(([id]) => id === 'dan')).toEqual(['dan', ['ben'], undefined]);
      const others = byDan.filter(([id]) => id !== 'dan');
      expect(others.every(([, blocked, revoked]) => blocked === undefined && revoked === undefined)).toBe(
        true,
      );
    });

    it('[USR33] with multi-tenancy on, people see those of their teams', async () => {
      await setApp({ multi_tenant_enabled: true });
      expect(await idsOf({}, world.as('ada'))).toEqual(['cleo', 'ben', 'ada']);
      expect(await idsOf({}, world.as('ben'))).toEqual(['ben', 'ada']);
      expect(await idsOf({}, world.as('dan'))).toEqual(['guest-2', 'dan']);
      expect(await idsOf()).toHaveLength(5);
      await setApp({ multi_tenant_enabled: false });
    });

    it('[USR35] pages of any size meet everybody once, in both directions', async () => {
      const sortable = fc.constantFrom('id', 'name', 'role', 'created_at', 'updated_at', 'last_active');
      const direction = fc.constantFrom<1 | -1>(1, -1);
      await fc.assert(
        fc.asyncProperty(sortable, direction, fc.integer({ min: 1, max: 3 }), async (field, way, limit) => {
          const sort = [{ field, direction: way }];
          const all = await idsOf({ sort });
          const seen: UserId[] = [];
          let page = await query({ sort, limit });
          seen.push(...page.users.map((user) => user.id));
          while (page.next) {
            page = await query({ sort, limit, next: page.next });
            seen.push(...page.users.map((user) => user.id));
          }
          expect(seen).toEqual(all);
        }),
        { numRuns: 30 },
      );
    });
  });
}

const ban = (id: string, more: { shadow?: 0 | 1; cid?: string; expires_at?: number }) => ({
  id: `ban-${id}` as never,
  target_user_id: id as UserId,
  cid: '' as const,
  banned_by_id: null,
  reason: null,
  ip_ban: 0 as const,
  shadow: 0 as const,
  delete_messages: null,
  created_at: 0,
  expires_at: WORLD_START + 1000,
  ...(more as object),
});
const blockOf = (user_id: string, blocked: string) => ({
  user_id: user_id as UserId,
  blocked_user_id: blocked as UserId,
  created_at: 1,
});
