import type { CallCid } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, held, missingFields, refusedWith, type World } from '../test/world.ts';
import { blockedUserIds, blockUser, unblockUser } from './index.ts';

for (const engine of testEngines) {
  describe(`call blocks on ${engine.name}`, () => {
    let world: World;
    let cid: CallCid;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      await world.user('mod', { role: 'moderator' as never });
      cid = await world.call('default:standup', { createdBy: 'john', members: { sara: 'call_member' } });
    });
    afterEach(() => world.close());
    const block = (by: ReturnType<World['server']>, id: string) =>
      blockUser(world.services.acts, by, { cid, user_id: id as never });
    const unblock = (by: ReturnType<World['server']>, id: string) =>
      unblockUser(world.services.acts, by, { cid, user_id: id as never });
    const blocked = () => world.services.database.read((snapshot) => blockedUserIds(snapshot, cid));

    test('[BLK1] without block-users blocking and unblocking are 403, code 17', async () => {
      expect(await refusedWith(block(world.as('sara'), 'mod'))).toMatchObject({ status: 403 });
      expect(await refusedWith(unblock(world.as('sara'), 'mod'))).toMatchObject({ status: 403 });
      expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      expect(await blocked()).toEqual([]);
    });

    test('[BLK2] an unknown call or person is 404, code 16', async () => {
      expect(await refusedWith(block(world.server(), 'nobody'))).toMatchObject({ status: 404 });
      expect(await refusedWith(unblock(world.server(), 'nobody'))).toMatchObject({ status: 404 });
      const none = blockUser(world.services.acts, world.server(), {
        cid: 'default:none' as CallCid,
        user_id: 'sara' as never,
      });
      expect(await refusedWith(none)).toMatchObject({ status: 404 });
    });

    test('[BLK3] oneself is 400, code 4; the creator is for a server token or an admin only', async () => {
      expect(await refusedWith(block(world.as('mod'), 'mod'))).toMatchObject({ status: 400 });
      expect(await refusedWith(block(world.as('mod'), 'john'))).toMatchObject({ status: 403 });
      await block(world.server(), 'john');
      expect(await blocked()).toEqual(['john']);
    });

    test('[BLK4] the person is removed at once, can neither join nor read, and holds nothing here', async () => {
      await world.join('sara', cid);
      const reply = await block(world.as('john'), 'sara');
      expect(reply).toMatchObject({ status: 200, enforcement: { sessions: 1 } });
      expect(await world.isIn('sara', cid)).toBe(false);
      const policy = await world.policy('sara', cid);
      expect(policy).toMatchObject({ joinRefusal: 'blocked', readRefusal: 'blocked' });
      expect(held(policy)).toEqual([]);
      expect(await refusedWith(block(world.as('sara'), 'mod'))).toMatchObject({
        status: 403,
        message: expect.stringContaining('blocked'),
      });
    });

    test('[BLK5] membership stays, so unblocking restores what the person was', async () => {
      const before = held(await world.policy('sara', cid));
      await block(world.server(), 'sara');
      await unblock(world.as('mod'), 'sara');
      const policy = await world.policy('sara', cid);
      expect(held(policy)).toEqual(before);
      expect(policy.facts.participation.memberRole).toBe('call_member');
      expect(await world.rows('call_members')).toHaveLength(1);
    });

    test('[BLK6] one audit record and one event each, with who did it', async () => {
      await block(world.as('john'), 'sara');
      await unblock(world.server(), 'sara');
      expect(await world.audits()).toMatchObject([
        { action: 'call.block', actor_id: 'john', target_id: 'sara', after: { blocked: true } },
        { action: 'call.unblock', actor_kind: 'server', after: { blocked: false } },
      ]);
      const events = await world.events(cid);
      expect(events).toMatchObject([
        { type: 'call.blocked_user', payload: { user: { id: 'sara' }, actor: { id: 'john' } } },
        { type: 'call.unblocked_user', payload: { user: { id: 'sara' } } },
      ]);
      expect(events[1]?.payload).not.toHaveProperty('actor');
      expect(events.flatMap(missingFields)).toEqual([]);
    });

    test('[BLK7] the same act again, and unblocking whoever is not blocked, is the same 200 with no event', async () => {
      expect(await unblock(world.server(), 'sara')).toMatchObject({ status: 200, body: {} });
      await block(world.server(), 'sara');
      const before = await world.traces();
      expect(await block(world.server(), 'sara')).toMatchObject({ status: 200, body: {} });
      expect(await world.traces()).toEqual(before);
    });

    test('[BLK8] unblock never blocks', async () => {
      await unblock(world.server(), 'sara');
      await unblock(world.server(), 'sara');
      expect(await blocked()).toEqual([]);
    });
  });
}
