import type { JobId, TaskId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { updateApp } from '../app-settings/index.ts';
import { banUser } from '../bans/index.ts';
import { updateCallType } from '../call-types/index.ts';
import { cancelTask, fanOuts, getTask, getTaskResults } from '../tasks/index.ts';
import { createWorld, refusedWith, type World } from './world.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
      await world.user('john');
      await world.user('sara');
      const cid = await world.call('default:one');
      for (const id of ['john', 'sara']) await world.join(id, cid);
    });
    afterEach(() => world.close());

    const seen = (id: TaskId | undefined) => getTask(world.services, id as TaskId);
    const ofType = (settings: object) =>
      updateCallType(world.services.acts, world.server(), { name: 'default' as never, settings });

    it('[TSK19] a call type and the application have a task; people have none, and no change has none', async () => {
      const { acts } = world.services;
      const type = await ofType({ screensharing: { enabled: false } });
      const app = await updateApp(acts, world.server(), {
        revoke_tokens_issued_before: '2026-01-02T00:00:00Z',
      });
      for (const { enforcement } of [type, app]) {
        if (!enforcement) throw new Error('nothing was enforced');
        const { job_id, task_id, ...said } = enforcement;
        expect(task_id).toBe(job_id);
        const task = await seen(task_id);
        expect(task).toMatchObject({ status: 'completed', result: said, progress: { done: 2, total: 2 } });
        expect(said.sessions).toBe(2);
      }
      expect((await ofType({ screensharing: { enabled: false } })).enforcement).toBeUndefined();
      const ban = { target_user_id: 'sara' as never, banned_by_id: 'john' as never, ip_ban: true };
      const banned = await banUser(acts, world.services.addressBans, world.server(), ban);
      expect(banned.enforcement).toMatchObject({ sessions: expect.any(Number) });
      expect(banned.enforcement).not.toHaveProperty('task_id');
      expect(await world.rows('tasks')).toHaveLength(2);
    });

    it('[TSK21] cannot be cancelled, and is not about users', async () => {
      const { acts, clock, database } = world.services;
      const { enforcement } = await ofType({ screensharing: { enabled: false } });
      const job = 'a-job' as JobId;
      await database.write((tx) => fanOuts.add(tx, job, clock.now()));
      const reached = { after: '', done: 0, total: 2, sessions: 0, tracks: 0 } as const;
      const ids = [enforcement?.task_id, job] as TaskId[];
      for (const status of ['pending', 'running'] as const) {
        expect(await seen(ids[1])).toMatchObject({ status });
        for (const id of ids) {
          const cancelled = await refusedWith(cancelTask(acts, world.server(), { id }));
          expect(cancelled).toMatchObject({ status: 400, fields: ['id'] });
          const results = await refusedWith(getTaskResults(world.services, id, {}));
          expect(results).toMatchObject({ status: 400, fields: ['id'] });
        }
        await database.write((tx) => fanOuts.advance(tx, job, reached, clock.now()));
      }
      await world.services.tasks.drain();
      expect(await seen(ids[1])).toMatchObject({ status: 'running', progress: { done: 0, total: 2 } });
    });

    it('[TSK20] progress goes forward alone, and is completed once', async () => {
      const { clock, database } = world.services;
      const job = 'a-job' as JobId;
      const at = (done: number) => ({
        after: `s-${done}` as never,
        done,
        total: 9,
        sessions: done,
        tracks: 0,
      });
      const result = { state: 'applied', sessions: 9, tracks: 0, took_ms: 1 } as const;
      const { add, advance, complete, reached } = fanOuts;
      await database.write((tx) => add(tx, job, clock.now()));
      expect(await database.read((snapshot) => reached(snapshot, job))).toBeUndefined();
      for (const done of [0, 6, 3]) await database.write((tx) => advance(tx, job, at(done), clock.now()));
      expect(await database.read((snapshot) => reached(snapshot, job))).toEqual(at(6));
      await database.write((tx) => complete(tx, job, result, clock.now()));
      await database.write((tx) => complete(tx, job, { ...result, sessions: 0 }, clock.now()));
      await database.write((tx) => advance(tx, job, at(7), clock.now()));
      expect(await seen(job as string as TaskId)).toMatchObject({
        ...{ status: 'completed', result },
        progress: { done: 9, total: 9 },
      });
    });
  });
}
