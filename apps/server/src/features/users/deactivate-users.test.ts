import type { TaskId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { getTask } from '../tasks/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deactivateUser } from './deactivate-user.ts';
import { deactivateUsers } from './deactivate-users.ts';
import { reactivateUser } from './reactivate-user.ts';
import { reactivateUsers } from './reactivate-users.ts';

const idOf = (text: string) => text as UserId;
const VERBS = { deactivateUser, reactivateUser } as const;
const BULK = { deactivateUsers, reactivateUsers } as const;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      for (const id of ['sara', 'john']) await world.user(id);
    });
    afterEach(() => world.close());

    const one = (
      verb: keyof typeof VERBS,
      id: string,
      more: { created_by_id?: UserId; name?: string } = {},
    ) => VERBS[verb](world.services.acts, world.server(), { user_id: idOf(id), ...more });
    const many = (verb: keyof typeof BULK, ...ids: string[]) =>
      BULK[verb](world.services.acts, world.server(), { user_ids: ids.map(idOf) });
    const taskOf = ({ body }: { body: { task_id: TaskId } }) => getTask(world.services, body.task_id);

    describe.each(['deactivateUser', 'reactivateUser'] as const)('%s', (verb) => {
      it('[USR40] needs a server token', async () => {
        await world.user('ada', { role: 'admin' as never });
        const work = VERBS[verb](world.services.acts, world.as('ada'), { user_id: idOf('sara') });
        expect(await refusedWith(work)).toMatchObject({ status: 403, kind: 'not_allowed' });
      });

      it('[USR41] needs an existing user and an existing, active actor', async () => {
        await world.user('gone', { deleted_at: 1, deletion: 'soft' });
        await world.user('idle', { deactivated_at: 1 });
        for (const id of ['nobody', 'gone']) {
          expect(await refusedWith(one(verb, id))).toMatchObject({ status: 404 });
          expect(await refusedWith(one(verb, 'sara', { created_by_id: idOf(id) }))).toMatchObject({
            status: 404,
          });
        }
        const idle = await refusedWith(one(verb, 'sara', { created_by_id: idOf('idle') }));
        expect(idle).toMatchObject({ status: 403, kind: 'not_allowed' });
        expect(await world.traces()).toEqual({ audits: 0, events: 0 });
      });
    });

    describe.each(['deactivateUsers', 'reactivateUsers'] as const)('%s', (verb) => {
      it('[USR40] needs a server token', async () => {
        const work = BULK[verb](world.services.acts, world.as('sara'), { user_ids: [idOf('sara')] });
        expect(await refusedWith(work)).toMatchObject({ status: 403 });
      });

      it('[USR47] of up to 100 ids one must exist', async () => {
        const ids = Array.from({ length: 100 }, (_, index) => `user-${index + 1}`);
        const none = await refusedWith(many(verb, ...ids));
        expect(none).toMatchObject({ status: 404, message: 'user "user-1" does not exist' });
        expect(await world.rows('tasks')).toEqual([]);
      });
    });

    it('[USR42] a deactivated user is out of every call and stays out', async () => {
      const [first, second] = [await world.call('default:one'), await world.call('default:two')];
      await world.join('sara', first);
      await world.join('sara', second);
      await world.join('john', first);
      const { status, body, enforcement } = await one('deactivateUser', 'sara');
      expect(status).toBe(200);
      expect(body.user).toMatchObject({ id: 'sara', deactivated_at: '2026-01-01T00:00:00.000Z' });
      expect(enforcement).toMatchObject({ state: 'no_media', sessions: 2 });
      expect(await world.isIn('sara', first)).toBe(false);
      expect(await world.isIn('sara', second)).toBe(false);
      expect(await world.isIn('john', first)).toBe(true);
      expect((await world.policy('sara', first)).readRefusal).toBe('deactivated');
    });

    it('[USR43] reactivating brings everything back as it was', async () => {
      const cid = await world.call('default:one', { members: { sara: 'host' } });
      await one('deactivateUser', 'sara');
      const { body } = await one('reactivateUser', 'sara', { name: 'Sara again' });
      expect(body.user).toMatchObject({ name: 'Sara again' });
      expect(body.user).not.toHaveProperty('deactivated_at');
      const policy = await world.policy('sara', cid);
      expect(policy.joinRefusal).toBeNull();
      expect(policy.roles).toEqual(['user', 'host']);
    });

    it('[USR44] twice is the same answer and no trace', async () => {
      const first = await one('deactivateUser', 'sara');
      const traces = await world.traces();
      world.clock.advance(1000);
      const second = await one('deactivateUser', 'sara');
      expect(second.body).toEqual(first.body);
      expect(second.status).toBe(200);
      expect(await world.traces()).toEqual(traces);
      await one('reactivateUser', 'john');
      await many('reactivateUsers', 'john');
      expect(await world.traces()).toEqual(traces);
    });

    it('[USR45] the actor stands in audit record and event', async () => {
      await one('deactivateUser', 'sara', { created_by_id: idOf('john') });
      const [audit] = await world.audits();
      expect(audit).toMatchObject({
        action: 'user.deactivate',
        actor_kind: 'server',
        as_id: 'john',
        target_id: 'sara',
      });
      const [event] = await world.events();
      expect(event).toMatchObject({ type: 'user.deactivated', payload: { actor: { id: 'john' } } });
    });

    it('[USR46] [TSK3] many at once: done before the answer, told per id', async () => {
      const cid = await world.call('default:one');
      await world.join('sara', cid);
      const reply = await many('deactivateUsers', 'sara', 'nobody', 'john', 'sara');
      expect(reply.status).toBe(201);
      expect(await world.isIn('sara', cid)).toBe(false);
      expect(await taskOf(reply)).toMatchObject({
        status: 'completed',
        progress: { done: 3, total: 3 },
        result: {
          sara: { status: 'ok' },
          john: { status: 'ok' },
          nobody: { status: 'error', error: 'user "nobody" does not exist' },
        },
      });
      expect(await world.audits()).toHaveLength(1);
      expect((await world.events()).filter((event) => event.type === 'user.deactivated')).toHaveLength(2);

      expect((await taskOf(await many('reactivateUsers', 'sara', 'john'))).status).toBe('completed');
      expect((await world.policy('sara', cid)).joinRefusal).toBeNull();
    });
  });
}
