import type { UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deleteUsers } from '../users/index.ts';
import { blockUsers } from './block-users.ts';
import { getBlockedUsers } from './get-blocked-users.ts';
import { unblockUsers } from './unblock-users.ts';
import { blockersOf } from './user-blocks.store.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['alice', 'bob', 'carl']) await world.user(id);
    });
    afterEach(() => world.close());

    const pair = (blocked: string, by?: string) => ({
      blocked_user_id: blocked as UserId,
      ...(by !== undefined && { user_id: by as UserId }),
    });
    const block = (request: ActRequest, blocked: string, by?: string) =>
      blockUsers(world.services.acts, request, pair(blocked, by));
    const unblock = (request: ActRequest, blocked: string, by?: string) =>
      unblockUsers(world.services.acts, request, pair(blocked, by));
    const list = (request: ActRequest, input: Parameters<typeof getBlockedUsers>[2] = {}) =>
      getBlockedUsers(world.services.acts, request, input);
    const ALICE = 'alice' as UserId;

    it('[UBL1] a user token acts for its own user alone', async () => {
      for (const work of [
        () => block(world.as('alice'), 'bob', 'carl'),
        () => unblock(world.as('alice'), 'bob', 'carl'),
        () => list(world.as('alice'), { user_id: 'bob' as UserId }),
      ]) {
        expect(await refusedWith(work())).toMatchObject({ status: 403, kind: 'not_allowed' });
      }
      await block(world.as('alice'), 'bob', 'alice');
      await block(world.as('alice'), 'carl');
      expect(await world.rows('user_blocks')).toHaveLength(2);
    });

    it('[UBL2] a server token names an existing, active user', async () => {
      await world.user('idle', { deactivated_at: 1 });
      const server = world.server();
      for (const [by, expected] of [
        [undefined, { status: 400, fields: ['user_id'] }],
        ['nobody', { status: 404 }],
        ['idle', { status: 403 }],
      ] as const) {
        expect(await refusedWith(block(server, 'bob', by))).toMatchObject(expected);
        expect(await refusedWith(unblock(server, 'bob', by))).toMatchObject(expected);
      }
    });

    it('[UBL8] a server token reads the blocks of an existing user, deactivated or not', async () => {
      const of = (id: string) => list(world.server(), { user_id: id as UserId });
      expect(await refusedWith(list(world.server()))).toMatchObject({ status: 400, fields: ['user_id'] });
      expect(await refusedWith(of('nobody'))).toMatchObject({ status: 404 });
      await world.user('idle', { deactivated_at: 1 });
      expect((await of('idle')).blocks).toEqual([]);
    });

    it('[UBL3] nobody blocks themselves or somebody who does not exist', async () => {
      await world.user('gone', { deleted_at: 1, deletion: 'soft' });
      const self = { status: 400, fields: ['blocked_user_id'] };
      expect(await refusedWith(block(world.as('alice'), 'alice'))).toMatchObject(self);
      expect(await refusedWith(block(world.server(), 'alice', 'alice'))).toMatchObject(self);
      expect(await refusedWith(block(world.as('alice'), 'nobody'))).toMatchObject({ status: 404 });
      expect(await refusedWith(block(world.as('alice'), 'gone'))).toMatchObject({ status: 404 });
      expect(await refusedWith(unblock(world.as('alice'), 'nobody'))).toMatchObject({ status: 404 });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
    });

    it('[UBL4] with multi-tenancy on, people of other teams are out of reach', async () => {
      await world.user('nora', { teams: '["north"]' });
      await updateApp(world.services.acts, world.server(), { multi_tenant_enabled: true });
      expect(await refusedWith(block(world.as('alice'), 'nora'))).toMatchObject({ status: 403 });
      await block(world.as('alice'), 'bob');
    });

    it('[UBL5] [UBL10] twice is one block, one audit record, one event', async () => {
      const first = await block(world.server(), 'bob', 'alice');
      world.clock.advance(1000);
      const second = await block(world.as('alice'), 'bob');
      expect(first).toMatchObject({
        status: 201,
        body: {
          blocked_by_user_id: 'alice',
          blocked_user_id: 'bob',
          created_at: '2026-01-01T00:00:00.000Z',
        },
        enforcement: { state: 'no_media', sessions: 0 },
      });
      expect(second).toEqual({ status: first.status, body: first.body });
      const [audit, ...more] = await world.audits();
      expect(more).toEqual([]);
      expect(audit).toMatchObject({ action: 'user.block', as_id: 'alice', target_id: 'bob' });
      const events = await world.events();
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({
        type: 'user.blocked',
        audience: { users: ['alice'] },
        payload: { user_id: 'alice', blocked_user_id: 'bob' },
      });
    });

    it('[UBL6] a block goes one way', async () => {
      await block(world.as('alice'), 'bob');
      expect((await list(world.as('bob'))).blocks).toEqual([]);
      const blockers = (id: string) =>
        world.services.database.read((snapshot) => blockersOf(snapshot, id as UserId));
      expect([...(await blockers('bob'))]).toEqual(['alice']);
      expect([...(await blockers('alice'))]).toEqual([]);
    });

    it('[UBL7] unblocking is the same 200 whether there was a block or not', async () => {
      expect(await unblock(world.as('alice'), 'bob')).toEqual({ status: 200, body: {} });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      await block(world.as('alice'), 'bob');
      await deleteUsers(world.services.acts, world.server(), { user_ids: ['bob' as UserId] });
      expect(await unblock(world.server(), 'bob', 'alice')).toMatchObject({ status: 200, body: {} });
      expect(await world.rows('user_blocks')).toEqual([]);
    });

    it('[UBL8] the list pages through the blocks, oldest first', async () => {
      for (const id of ['u1', 'u2', 'u3']) {
        await world.user(id, { name: id.toUpperCase() });
        await block(world.as('alice'), id);
        world.clock.advance(1);
      }
      const first = await list(world.as('alice'), { limit: 2 });
      expect(first.blocks.map((row) => [row.user.id, row.blocked_user.name])).toEqual([
        ['alice', 'U1'],
        ['alice', 'U2'],
      ]);
      const second = await list(world.server(), { user_id: ALICE, limit: 2, next: first.next ?? '' });
      expect(second.blocks.map((row) => row.blocked_user_id)).toEqual(['u3']);
      expect(second.next).toBeUndefined();
      const foreign = list(world.as('bob'), { limit: 2, next: first.next ?? '' });
      expect(await refusedWith(foreign)).toMatchObject({ status: 400, fields: ['next'] });
    });

    it('[UBL9] a block outlives deletion', async () => {
      await block(world.as('alice'), 'bob');
      await deleteUsers(world.services.acts, world.server(), { user_ids: ['bob' as UserId] });
      expect((await list(world.as('alice'))).blocks).toHaveLength(1);
    });
  });
}
