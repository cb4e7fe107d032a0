import type { RoleName, UserId } from '@callgate/contract';
import { BUILT_IN_ROLES, LIMITS } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { upsertUsers } from '../users/index.ts';
import { createRole } from './create-role.ts';
import { deleteRole } from './delete-role.ts';
import { listRoles } from './list-roles.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
    });
    afterEach(() => world.close());

    const create = (name: string, rank?: number) =>
      createRole(world.services.acts, world.server(), {
        name: name as RoleName,
        ...(rank !== undefined && { rank }),
      });
    const remove = (name: string) => deleteRole(world.services.acts, world.server(), { name });
    const list = async () => (await listRoles(world.services.acts, world.server())).roles;

    it('[ROL1] needs a server token', async () => {
      const { acts } = world.services;
      const ada = await world.user('ada', { role: 'admin' as RoleName });
      const name = 'speaker-plus' as RoleName;
      expect(await refusedWith(listRoles(acts, world.as(ada)))).toMatchObject({ status: 403 });
      expect(await refusedWith(createRole(acts, world.as(ada), { name }))).toMatchObject({ status: 403 });
      expect(await refusedWith(deleteRole(acts, world.as(ada), { name: 'host' }))).toMatchObject({
        status: 403,
      });
    });

    it.each(Object.keys(BUILT_IN_ROLES))('[ROL2] %s is built in and stays', async (name) => {
      expect(await refusedWith(remove(name))).toMatchObject({ status: 400, fields: ['name'] });
    });

    it('[ROL4] a name is taken once', async () => {
      await create('judge', 100);
      for (const [name, rank] of [
        ['judge', 101],
        ['judge', undefined],
        ['viewer', undefined],
        ['call-member', undefined],
      ] as const) {
        expect(await refusedWith(create(name, rank))).toMatchObject({ status: 400, fields: ['name'] });
      }
      expect(await world.audits()).toHaveLength(1);
    });

    it('[ROL5] there is room for 200', async () => {
      const built = Object.keys(BUILT_IN_ROLES).length;
      const rows = Array.from({ length: LIMITS.roles - built - 1 }, (_, index) => ({
        name: `custom-${index}` as RoleName,
        rank: 0,
        built_in: 0 as const,
        created_at: 1,
        updated_at: 1,
      }));
      await world.insert('roles', ...rows);
      await create('last');
      expect(await refusedWith(create('one-too-many'))).toMatchObject({ status: 400 });
    });

    it('[ROL6] a role in use stays, an unknown one is not there', async () => {
      for (const name of ['on-user', 'on-member', 'on-type', 'free']) await create(name);
      await world.user('sara', { role: 'on-user' as RoleName });
      await world.call('default:one', { members: { sara: 'on-member' } });
      await world.insert('call_types', {
        name: 'custom' as never,
        built_in: 0,
        settings: '{}',
        grants: '{"on-type":[]}',
        notification_settings: '{}',
        created_at: 1,
        updated_at: 1,
      });
      expect((await refusedWith(remove('on-user'))).message).toContain('user "sara"');
      expect((await refusedWith(remove('on-member'))).message).toContain('call "default:one"');
      expect((await refusedWith(remove('on-type'))).message).toContain('call type "custom"');
      expect(await refusedWith(remove('nothing'))).toMatchObject({ status: 404, kind: 'not_found' });
      await remove('free');
      expect((await list()).map((role) => role.name)).not.toContain('free');
    });

    it('[ROL2] [ROL3] the list tells ranks', async () => {
      await create('judge', 399);
      await create('plain');
      const ranks = Object.fromEntries((await list()).map(({ name, rank }) => [name, rank]));
      expect(ranks).toEqual({
        ...Object.fromEntries(Object.entries(BUILT_IN_ROLES).map(([name, { rank }]) => [name, rank])),
        judge: 399,
        plain: 0,
      });
    });

    it('[ROL4] [ROL7] one trace, none the second time', async () => {
      const first = await create('judge', 100);
      world.clock.advance(1000);
      const second = await create('judge', 100);
      expect(second).toEqual(first);
      expect(second.status).toBe(201);
      await remove('judge');
      expect((await world.audits()).map((audit) => audit.action)).toEqual(['role.create', 'role.delete']);
      expect((await world.events()).map((event) => event.type).sort()).toEqual([
        'role.created',
        'role.deleted',
      ]);
    });

    it('[ROL8] twenty deletions racing with a user who is given the role', async () => {
      for (let round = 0; round < 20; round++) {
        const name = `role-${round}` as RoleName;
        const id = `user-${round}` as UserId;
        await create(name);
        const users = { [id]: { id, role: name } };
        await Promise.allSettled([remove(name), upsertUsers(world.services.acts, world.server(), { users })]);
        const hasRole = (await list()).some((role) => role.name === name);
        const hasUser = (await world.rows('users')).some((user) => user.id === id);
        expect(hasRole).toBe(hasUser);
      }
    });
  });
}
