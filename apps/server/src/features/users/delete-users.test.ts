import type { DeleteUsersRequest, RoleName, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deleteUsers } from './delete-users.ts';
import { restoreUsers } from './restore-users.ts';
import { requireUser } from './user.ts';

const SARA = 'sara' as UserId;
const HARD = { user: 'hard', messages: 'hard', conversations: 'hard' } as const;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('sara', { name: 'Sara', image: 'i', custom: '{"a":1}', role: 'host' as RoleName });
    });
    afterEach(() => world.close());

    const remove = (more: Partial<DeleteUsersRequest> = {}) =>
      deleteUsers(world.services.acts, world.server(), { user_ids: [SARA], ...more });
    const restore = (...ids: string[]) =>
      restoreUsers(world.services.acts, world.server(), { user_ids: ids as UserId[] });
    const stored = async () => (await world.rows('users')).find((row) => row.id === 'sara');

    it('[USR50] needs a server token', async () => {
      await world.user('ada', { role: 'admin' as RoleName });
      const { acts } = world.services;
      const user_ids = [SARA];
      expect(await refusedWith(deleteUsers(acts, world.as('ada'), { user_ids }))).toMatchObject({
        status: 403,
      });
      expect(await refusedWith(restoreUsers(acts, world.as('ada'), { user_ids }))).toMatchObject({
        status: 403,
      });
      expect((await stored())?.deleted_at).toBeNull();
    });

    it('[USR51] hard needs all to be hard, and calls are not supported', async () => {
      for (const more of [
        { user: 'hard' },
        { user: 'hard', messages: 'hard' },
        { ...HARD, conversations: 'soft' },
      ] as const) {
        expect(await refusedWith(remove(more))).toMatchObject({
          status: 400,
          kind: 'input',
          fields: ['user'],
        });
      }
      expect(await refusedWith(remove({ calls: 'soft' }))).toMatchObject({ kind: 'feature_not_supported' });
      expect((await stored())?.deleted_at).toBeNull();
    });

    it('[USR52] a deleted user is out of every call and does not exist for others', async () => {
      const cid = await world.call('default:one', { members: { sara: 'host' } });
      await world.join('sara', cid);
      const { status, enforcement } = await remove();
      expect(status).toBe(201);
      expect(enforcement).toMatchObject({ sessions: 1 });
      expect(await world.isIn('sara', cid)).toBe(false);
      expect((await world.policy('sara', cid)).readRefusal).toBe('deleted');
      const work = world.services.database.read((snapshot) => requireUser(snapshot, SARA));
      expect(await refusedWith(work)).toMatchObject({ status: 404 });
      expect((await world.events()).map((event) => event.type)).toContain('user.deleted');
    });

    it('[USR52] bans and blocks outlive the deletion', async () => {
      const cid = await world.call('default:one');
      await world.insert('call_blocks', { cid, user_id: SARA, blocked_by_id: null, created_at: 1 });
      await world.insert('user_blocks', { user_id: SARA, blocked_user_id: 'x' as UserId, created_at: 1 });
      await remove(HARD);
      expect(await world.rows('call_blocks')).toHaveLength(1);
      expect(await world.rows('user_blocks')).toHaveLength(1);
    });

    it.each([
      ['soft', { name: 'Sara', image: 'i', custom: { a: 1 }, role: 'host' }],
      ['pruning', { name: null, image: null, custom: {}, role: 'host' }],
      ['hard', { name: null, image: null, custom: {}, role: 'user' }],
    ] as const)('[USR53] %s keeps %j', async (mode, kept) => {
      const seen = { user_id: SARA, address: '203.0.113.9', first_seen_at: 1, last_seen_at: 1 };
      await world.insert('user_addresses', seen);
      await remove({ ...HARD, user: mode });
      const row = await stored();
      expect({ ...row, custom: JSON.parse(row?.custom ?? '') }).toMatchObject({ ...kept, deletion: mode });
      expect(await world.rows('user_addresses')).toHaveLength(mode === 'hard' ? 0 : 1);
    });

    it('[USR54] a second deletion may be harder, never milder', async () => {
      await remove({ user: 'pruning' });
      const traces = await world.traces();
      for (const user of ['soft', 'pruning'] as const) await remove({ user });
      expect(await world.traces()).toEqual(traces);
      expect((await stored())?.deletion).toBe('pruning');
      await remove(HARD);
      expect((await stored())?.deletion).toBe('hard');
      expect(await world.audits()).toHaveLength(2);
    });

    it('[USR55] restoring refuses unknown and hard-deleted ids, all or none', async () => {
      await world.user('john', { deleted_at: 1, deletion: 'soft' });
      expect(await refusedWith(restore('john', 'nobody'))).toMatchObject({ status: 404 });
      await remove(HARD);
      expect(await refusedWith(restore('john', 'sara'))).toMatchObject({ status: 400, fields: ['user_ids'] });
      const john = (await world.rows('users')).find((row) => row.id === 'john');
      expect(john?.deleted_at).toBe(1);
    });

    it('[USR55] restoring brings the user back as it was', async () => {
      const cid = await world.call('default:one');
      const before = await stored();
      await remove();
      world.clock.advance(1000);
      await restore('sara');
      expect({ ...(await stored()), updated_at: 0 }).toEqual({ ...before, updated_at: 0 });
      expect((await world.policy('sara', cid)).joinRefusal).toBeNull();
      const traces = await world.traces();
      await restore('sara');
      expect(await world.traces()).toEqual(traces);
    });
  });
}
