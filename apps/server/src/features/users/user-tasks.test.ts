import type { TaskId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { cancelTask, createTaskWorker, getTask, getTaskResults } from '../tasks/index.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { deactivateUsers } from './deactivate-users.ts';
import { deleteUsers } from './delete-users.ts';
import { reactivateUsers } from './reactivate-users.ts';
import { restoreUsers } from './restore-users.ts';
import { userTaskHandlers } from './user-tasks.ts';

const idOf = (text: string) => text as UserId;
const IDS = Array.from({ length: 250 }, (_, at) => idOf(`fan-${at}`));
const HARD = { user: 'hard', messages: 'hard', conversations: 'hard' } as const;

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      const [john] = await users();
      if (!john) throw new Error('john is not there');
      await world.insert('users', ...IDS.map((id) => ({ ...john, id, name: `The fan ${id}` })));
    });
    afterEach(() => world.close());

    const users = () => world.rows('users');
    const drain = () => world.services.tasks.drain();
    const seen = (id: TaskId | undefined) => getTask(world.services, id as TaskId);
    const deactivate = (user_ids: readonly UserId[], more: { created_by_id?: UserId } = {}) =>
      deactivateUsers(world.services.acts, world.server(), { user_ids, ...more });
    const ofAction = async (action: string) =>
      (await world.audits()).filter((audit) => audit.action === action);
    const targetsOf = async (action: string) =>
      (await ofAction(action)).map(({ target_id }) => target_id).sort();

    it('[TSK1] needs a server token', async () => {
      const { acts } = world.services;
      for (const verb of [deactivateUsers, reactivateUsers, deleteUsers, restoreUsers]) {
        const work = verb(acts, world.as('john'), { user_ids: IDS });
        expect(await refusedWith(work)).toMatchObject({ status: 403 });
      }
      expect(await world.rows('tasks')).toEqual([]);
    });

    it('[TSK4] needs an existing, active actor, and at most 100,000 ids', async () => {
      await world.user('idle', { deactivated_at: 1 });
      const missing = await refusedWith(deactivate(IDS, { created_by_id: idOf('nobody') }));
      expect(missing).toMatchObject({ status: 404 });
      const idle = await refusedWith(deactivate(IDS, { created_by_id: idOf('idle') }));
      expect(idle).toMatchObject({ status: 403 });
      const many = Array.from({ length: 100_001 }, (_, at) => idOf(`u-${at}`));
      expect(await refusedWith(deactivate(many))).toMatchObject({ status: 400, fields: ['user_ids'] });
      expect(await world.rows('tasks')).toEqual([]);
      expect(await world.rows('task_chunks')).toEqual([]);
    });

    it('[TSK4] the ids are on disk before the answer, and nobody is touched yet', async () => {
      const request = { ...world.server(), idempotency: { key: 'k', requestHash: 'h' } };
      const input = { user_ids: [...IDS, ...IDS], created_by_id: idOf('john') };
      const { status, body } = await deactivateUsers(world.services.acts, request, input);
      expect(status).toBe(201);
      expect(await seen(body.task_id)).toMatchObject({
        status: 'pending',
        progress: { done: 0, total: 250 },
      });
      expect(await world.audits()).toMatchObject([
        {
          action: 'task.start',
          as_id: 'john',
          target_type: 'task',
          target_id: body.task_id,
          after: { type: 'user.deactivate', total: 250 },
        },
      ]);
      expect((await users()).filter((row) => row.deactivated_at !== null)).toEqual([]);
      const again = await deactivateUsers(world.services.acts, request, input);
      expect(again.body).toEqual(body);
      expect(await world.rows('tasks')).toHaveLength(1);
    });

    it('[TSK6] each changed user has a record and an event, and is out of every call', async () => {
      const cid = await world.call('default:one');
      for (const id of ['fan-3', 'fan-170', 'john']) await world.join(id, cid);
      await deactivate([idOf('fan-7')]);
      const traces = await world.traces();
      const request = world.server();
      const input = { user_ids: [idOf('nobody'), ...IDS], created_by_id: idOf('john') };
      const { body } = await deactivateUsers(world.services.acts, request, input);
      await drain();

      const changed = IDS.filter((id) => id !== 'fan-7');
      // The request's own record, one for each changed user; what is told of two sessions comes on top.
      expect(await world.traces()).toEqual({
        audits: traces.audits + 1 + changed.length,
        events: traces.events + changed.length + 2,
      });
      const records = (await ofAction('user.deactivate')).slice(1);
      expect(records.map(({ target_id }) => target_id).sort()).toEqual([...changed].sort());
      const rows = await world.rows('audit_records');
      const ofRequest = rows.filter(({ request_id }) => request_id === request.requestId);
      expect(ofRequest).toHaveLength(1 + changed.length);
      expect(records[5]).toMatchObject({ actor_kind: 'server', as_id: 'john', target_type: 'user' });
      expect(Object.values(records[5]?.after ?? {})).toMatchObject([{ deactivated_by_id: 'john' }]);
      const events = (await world.events()).filter(({ type }) => type === 'user.deactivated').slice(1);
      const told = events.map(({ payload }) => (payload.user as { id: string }).id);
      expect(told.sort()).toEqual([...changed].sort());
      expect(events[0]?.payload).toMatchObject({ actor: { id: 'john' } });

      expect(await world.isIn('fan-3', cid)).toBe(false);
      expect(await world.isIn('fan-170', cid)).toBe(false);
      expect(await world.isIn('john', cid)).toBe(true);
      await world.services.enforcement.flush();
      expect((await world.rows('jobs')).filter((job) => job.state === 'pending')).toEqual([]);
      expect(await seen(body.task_id)).toMatchObject({
        status: 'completed',
        progress: { done: 251, total: 251 },
        result: {
          'fan-7': { status: 'ok' },
          'fan-249': { status: 'ok' },
          nobody: { status: 'error', error: 'user "nobody" does not exist' },
        },
      });
    });

    it('[TSK6] nobody is out of a call before their piece is done, and they are out with it', async () => {
      const cid = await world.call('default:one');
      for (const id of ['fan-0', 'fan-249']) await world.join(id, cid);
      const { body } = await deactivate(IDS);
      const states: boolean[][] = [];
      const { tasks, database } = world.services;
      const write = database.write.bind(database);
      Object.assign(database, {
        write: async (work: never) => {
          const result = await write(work);
          states.push([await world.isIn('fan-0', cid), await world.isIn('fan-249', cid)]);
          return result;
        },
      });
      await tasks.drain();
      Object.assign(database, { write });
      expect(states).toContainEqual([false, true]);
      expect(states).not.toContainEqual([true, false]);
      expect(states.at(-1)).toEqual([false, false]);
      expect((await seen(body.task_id)).status).toBe('completed');
    });

    it('[TSK6] reactivating, deleting and restoring many do what they do to one', async () => {
      const { acts } = world.services;
      await deactivate(IDS);
      await drain();
      await reactivateUsers(acts, world.server(), { user_ids: IDS });
      await drain();
      expect((await users()).filter((row) => row.deactivated_at !== null)).toEqual([]);
      expect(await targetsOf('user.reactivate')).toEqual([...IDS].sort());

      await deleteUsers(acts, world.server(), { user_ids: IDS, user: 'pruning' });
      await drain();
      const deleted = (await users()).filter((row) => row.deletion === 'pruning');
      expect(deleted).toHaveLength(250);
      expect(deleted.filter((row) => row.name !== null)).toEqual([]);
      expect(await targetsOf('user.delete')).toEqual([...IDS].sort());
    });

    it('[USR55] restoring many is a task, each user by itself', async () => {
      const { acts } = world.services;
      await deleteUsers(acts, world.server(), { user_ids: IDS });
      await deleteUsers(acts, world.server(), { user_ids: [idOf('fan-9')], ...HARD });
      await drain();
      const asked = { user_ids: [...IDS, idOf('nobody')] };
      const { status, body } = await restoreUsers(acts, world.server(), asked);
      expect(status).toBe(200);
      await drain();
      expect((await seen(body.task_id)).result).toMatchObject({
        'fan-8': { status: 'ok' },
        'fan-9': { status: 'error', error: 'user "fan-9" was deleted for good; create it anew' },
        nobody: { status: 'error' },
      });
      const gone = (await users()).filter((row) => row.deleted_at !== null);
      expect(gone.map((row) => row.id)).toEqual(['fan-9']);
      expect(await targetsOf('user.restore')).toEqual(IDS.filter((id) => id !== 'fan-9').sort());
    });

    it('[USR53] deleting many for good empties what the audit log knows of them', async () => {
      const { acts } = world.services;
      await deactivate(IDS.slice(0, 3));
      await deactivate(IDS);
      await drain();
      await deleteUsers(acts, world.server(), { user_ids: IDS, ...HARD });
      await drain();
      await world.services.sequencer.flush();
      const rows = await world.rows('audit_records');
      expect(JSON.stringify(rows)).not.toContain('fan-');
      expect(rows.filter(({ action }) => action === 'user.delete')).toHaveLength(250);
      expect((await users()).filter(({ deletion }) => deletion === 'hard')).toHaveLength(250);
    });

    it('[USR53] also when the task is cancelled: those who are deleted by then are emptied, the others stay', async () => {
      const { acts, database, clock } = world.services;
      await deactivate(IDS);
      await drain();
      const { body } = await deleteUsers(acts, world.server(), { user_ids: IDS, ...HARD });
      const worker = createTaskWorker({
        ...{ database, clock, logger: { error: () => undefined }, handlers: userTaskHandlers(acts) },
        hooks: {
          async at(point) {
            if (point === 'between-pieces') await cancelTask(acts, world.server(), { id: body.task_id });
          },
        },
      });
      await worker.drain();
      const text = JSON.stringify(await world.rows('audit_records'));
      expect(text).not.toContain('"fan-99"');
      expect(text).toContain('"fan-100"');
      expect((await users()).filter(({ deletion }) => deletion === 'hard')).toHaveLength(100);
      const ends = (await world.rows('tasks')).map(({ status, settled }) => `${status} ${settled}`);
      expect(ends.sort()).toEqual(['cancelled 1', 'completed 1']);
    });

    it('[TSK13] a cancelled task leaves the rest as it was', async () => {
      const { acts } = world.services;
      const { body } = await deactivate(IDS);
      await cancelTask(acts, world.server(), { id: body.task_id });
      await drain();
      expect((await users()).filter((row) => row.deactivated_at !== null)).toEqual([]);
      const { results } = await getTaskResults(world.services, body.task_id, { limit: 1000 });
      expect(results).toEqual(IDS.map((user_id) => ({ user_id, status: 'not_done' })));
    });
  });
}
