import type { TaskId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { getTask } from './get-task.ts';
import { completedTask, TASK_RETENTION_MS } from './task.ts';
import { addTask } from './tasks.store.ts';

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    beforeEach(async () => {
      world = await createWorld(engine);
    });
    afterEach(() => world.close());

    const add = async (): Promise<TaskId> => {
      const task = completedTask('user.delete', { sara: { status: 'ok' } }, world.clock.now());
      await world.services.database.write((tx) => addTask(tx, task));
      return task.id;
    };

    it('[TSK2] an unknown task is not there', async () => {
      const work = getTask(world.services, 'nothing' as TaskId);
      expect(await refusedWith(work)).toMatchObject({ status: 404, kind: 'not_found' });
    });

    it('[TSK2] a task is there for 7 days, then its row goes', async () => {
      const id = await add();
      await world.pass(TASK_RETENTION_MS);
      expect(await getTask(world.services, id)).toMatchObject({ task_id: id, status: 'completed' });
      world.clock.advance(1);
      expect(await refusedWith(getTask(world.services, id))).toMatchObject({ status: 404 });
      await add();
      expect(await world.rows('tasks')).toHaveLength(1);
    });

    it('[TSK3] a task tells its result and progress', async () => {
      const id = await add();
      expect(await getTask(world.services, id)).toEqual({
        task_id: id,
        status: 'completed',
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: '2026-01-01T00:00:00.000Z',
        progress: { done: 1, total: 1 },
        result: { sara: { status: 'ok' } },
      });
    });
  });
}
