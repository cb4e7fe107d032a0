import type { TaskId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inputError } from '../../kernel/errors.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { createWorld, refusedWith, type World } from '../test/world.ts';
import { cancelTask } from './cancel-task.ts';
import { getTask } from './get-task.ts';
import { getTaskResults } from './get-task-results.ts';
import { startTask } from './start-task.ts';
import { TASK_RETENTION_MS } from './task.ts';
import type { TaskHandler } from './task-handler.ts';
import { CHUNK_SIZE, cutUp } from './task-items.ts';
import { addOutputs } from './task-outputs.store.ts';
import { createTaskWorker, type TaskWorker } from './task-worker.ts';

const idsFrom = (count: number, name = 'user') =>
  Array.from({ length: count }, (_, at) => `${name}-${String(at).padStart(5, '0')}` as UserId);

for (const engine of testEngines) {
  describe(engine.name, () => {
    let world: World;
    const logged: object[] = [];
    beforeEach(async () => {
      world = await createWorld(engine);
      logged.length = 0;
    });
    afterEach(() => world.close());

    const add = async (count: number, type = 'count', name?: string): Promise<TaskId> => {
      const { acts } = world.services;
      const { body } = await acts.perform(world.server(), async (act) => ({
        id: await startTask(act, { type, requestId: 'asked' }, cutUp(idsFrom(count, name))),
      }));
      return body.id;
    };
    const workerOf = (handler: Partial<TaskHandler>, worker?: string): TaskWorker => {
      const { database, clock } = world.services;
      const logger = { error: (told: object) => void logged.push(told) } as never;
      const count: TaskHandler = { run: countPiece, ...handler };
      return createTaskWorker({ database, clock, logger, handlers: { count }, ...(worker && { worker }) });
    };
    /** Every second id works. */
    const countPiece: TaskHandler['run'] = (piece) =>
      world.services.database.write(async (tx) => {
        await piece.hold(tx);
        await piece.done(
          tx,
          piece.ids.map((id) => (/[02468]$/.test(id) ? null : `${id} is odd`)),
        );
      });
    const seen = (id: TaskId) => getTask(world.services, id);
    const pagesOf = async (id: TaskId, limit: number) => {
      const found: { user_id: UserId; status: string }[] = [];
      for (let next: string | undefined; ; ) {
        const page = await getTaskResults(world.services, id, { limit, ...(next !== undefined && { next }) });
        expect(page.results.length).toBeLessThanOrEqual(limit);
        found.push(...page.results);
        next = page.next;
        if (next === undefined) return found;
      }
    };

    it('[TSK5] a task goes from pending over running to completed, with its progress', async () => {
      const id = await add(2 * CHUNK_SIZE + 5);
      const states: unknown[] = [];
      const worker = workerOf({
        async run(piece) {
          const { status, progress } = await seen(id);
          states.push([status, progress.done]);
          await countPiece(piece);
        },
      });
      await worker.drain();
      expect(states).toEqual([
        ['pending', 0],
        ['running', CHUNK_SIZE],
        ['running', 2 * CHUNK_SIZE],
      ]);
      const total = 2 * CHUNK_SIZE + 5;
      expect(await seen(id)).toMatchObject({ status: 'completed', progress: { done: total, total } });
    });

    it('[TSK8] tasks take turns', async () => {
      const names: string[] = [];
      await add(6 * CHUNK_SIZE, 'count', 'long');
      await add(2 * CHUNK_SIZE, 'count', 'short');
      const worker = workerOf({
        run(piece) {
          names.push(piece.ids[0]?.split('-')[0] ?? '');
          return countPiece(piece);
        },
      });
      await worker.drain();
      expect(names).toEqual(['long', 'short', 'long', 'short', 'long', 'long', 'long', 'long']);
    });

    it('[TSK9] a failure is tried again after a growing pause, ten times in a row', async () => {
      const id = await add(2 * CHUNK_SIZE);
      let calls = 0;
      const worker = workerOf({
        async run(piece) {
          if (piece.position === 0) return countPiece(piece);
          calls++;
          throw new Error('a secret of the inside');
        },
      });
      await worker.drain();
      const pauses = [1, 2, 4, 8, 16, 32, 60, 60, 60];
      for (const [at, seconds] of pauses.entries()) {
        expect(calls).toBe(at + 1);
        world.clock.advance(seconds * 1000 - 1);
        await worker.drain();
        expect(calls).toBe(at + 1);
        expect((await seen(id)).status).toBe('running');
        world.clock.advance(1);
        await worker.drain();
      }
      expect(calls).toBe(10);
      const task = await seen(id);
      expect(task).toMatchObject({
        status: 'failed',
        error: { type: 'internal' },
        progress: { done: CHUNK_SIZE },
      });
      expect(task.error?.description).not.toContain('secret');
      expect(logged).toHaveLength(10);
      world.clock.advance(3_600_000);
      await worker.drain();
      expect(calls).toBe(10);
    });

    it('[TSK9] a piece that works in the end takes the failures back, and a refusal is told as it is', async () => {
      const id = await add(150);
      let isBroken = true;
      const worker = workerOf({
        run: async (piece) => {
          if (isBroken) throw inputError('user_ids', 'are not to my taste');
          return countPiece(piece);
        },
      });
      await worker.drain();
      isBroken = false;
      world.clock.advance(1000);
      await worker.drain();
      expect(await seen(id)).toMatchObject({ status: 'completed' });
      expect((await seen(id)).error).toBeUndefined();

      isBroken = true;
      const second = await add(150);
      for (let attempt = 0; attempt < 10; attempt++) {
        await worker.drain();
        world.clock.advance(60_000);
      }
      expect(await seen(second)).toMatchObject({
        status: 'failed',
        error: { type: 'input', description: 'user_ids: are not to my taste' },
      });
    });

    it('[TSK9] a task of a type that nobody does fails too', async () => {
      const id = await add(150, 'unheard');
      const worker = workerOf({});
      for (let attempt = 0; attempt < 10; attempt++) {
        await worker.drain();
        world.clock.advance(60_000);
      }
      expect((await seen(id)).status).toBe('failed');
    });

    it('[TSK10] while one works nobody else does; who was paused for too long changes nothing', async () => {
      const id = await add(2 * CHUNK_SIZE);
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const runs = { slow: 0, quick: 0 };
      let moved: unknown;
      const slow = workerOf(
        {
          async run(piece) {
            runs.slow++;
            await world.services.database.write((tx) => piece.hold(tx));
            reached.resolve();
            await goOn.promise;
            moved = await countPiece(piece).then(
              () => undefined,
              (error: unknown) => error,
            );
            throw moved;
          },
        },
        'slow',
      );
      const quick = workerOf(
        {
          run(piece) {
            runs.quick++;
            return countPiece(piece);
          },
        },
        'quick',
      );
      const paused = slow.drain();
      await reached.promise;
      world.clock.advance(4_999);
      await quick.drain();
      expect(runs).toEqual({ slow: 1, quick: 0 });
      world.clock.advance(1);
      await quick.drain();
      expect(runs).toEqual({ slow: 1, quick: 2 });
      const before = await world.rows('tasks');
      goOn.resolve();
      await paused;
      expect(moved).toMatchObject({ name: 'TaskMovedError' });
      expect(await world.rows('tasks')).toEqual(before);
      expect((await seen(id)).status).toBe('completed');
      expect(logged).toEqual([]);
    });

    it('[TSK10] who had the task in between shows even when it is free again', async () => {
      await add(CHUNK_SIZE + 1);
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      let moved: unknown;
      const hold: TaskHandler['run'] = (piece) => world.services.database.write((tx) => piece.hold(tx));
      const slow = workerOf(
        {
          async run(piece) {
            await hold(piece);
            reached.resolve();
            await goOn.promise;
            moved = await hold(piece).catch((error: unknown) => error);
            throw moved;
          },
        },
        'slow',
      );
      const paused = slow.drain();
      await reached.promise;
      world.clock.advance(5_000);
      // Takes the task, writes nothing, and loses it in turn.
      const other = workerOf(
        {
          async run(piece) {
            await hold(piece);
            throw new Error('lost');
          },
        },
        'other',
      );
      await other.drain();
      goOn.resolve();
      await paused;
      expect(moved).toMatchObject({ name: 'TaskMovedError' });
    });

    it('[TSK7] a worker that is closed ends after its piece, and another one goes on', async () => {
      const id = await add(3 * CHUNK_SIZE);
      let closing: Promise<void> | undefined;
      const first = workerOf({
        run(piece) {
          closing = first.close();
          return countPiece(piece);
        },
      });
      await first.drain();
      await closing;
      expect(await seen(id)).toMatchObject({ status: 'running', progress: { done: CHUNK_SIZE } });
      // The first one gave nothing back: it was never started, as one that is killed.
      world.clock.advance(5_000);
      await workerOf({}).drain();
      expect((await seen(id)).status).toBe('completed');
    });

    it('[TSK7] a start goes on at once with what the process before had', async () => {
      const id = await add(2 * CHUNK_SIZE);
      const first = workerOf({
        run(piece) {
          void first.close();
          return countPiece(piece);
        },
      });
      await first.drain();
      const done = Promise.withResolvers<void>();
      const second = workerOf({ finish: async () => done.resolve() });
      // On PostgreSQL another process may be at work, so it waits.
      if (engine.name === 'postgres') world.clock.advance(5_000);
      await second.start();
      await done.promise;
      await second.close();
      await workerOf({}).drain();
      expect((await seen(id)).status).toBe('completed');
    });

    it('[TSK7] what is done after the last piece is done again when it was cut off', async () => {
      const id = await add(CHUNK_SIZE + 50);
      let attempts = 0;
      const ids: UserId[] = [];
      const worker = workerOf({
        async finish(_task, all) {
          attempts++;
          ids.length = 0;
          for await (const some of all()) ids.push(...some);
          if (attempts === 1) throw new Error('cut off');
        },
      });
      await worker.drain();
      expect((await seen(id)).status).toBe('running');
      world.clock.advance(1000);
      await worker.drain();
      expect((await seen(id)).status).toBe('completed');
      expect(attempts).toBe(2);
      expect(ids).toEqual(idsFrom(CHUNK_SIZE + 50));
    });

    it('[TSK12] the result is told of up to 1,000 users, the pages of all', async () => {
      const [small, large] = [await add(1000), await add(1001)];
      expect((await pagesOf(small, 1000)).map(({ status }) => status)).toEqual(Array(1000).fill('not_done'));
      await workerOf({}).drain();
      const { result } = await seen(small);
      expect(Object.keys(result ?? {})).toEqual(idsFrom(1000));
      expect(result).toMatchObject({
        'user-00000': { status: 'ok' },
        'user-00001': { status: 'error', error: 'user-00001 is odd' },
      });
      expect(await seen(large)).not.toHaveProperty('result');
      for (const limit of [1, 7, 100, 999].slice(engine.name === 'sqlite' ? 0 : 1)) {
        const found = await pagesOf(large, limit);
        expect(found.map(({ user_id }) => user_id)).toEqual(idsFrom(1001));
        expect(found[1000]).toEqual({ user_id: 'user-01000', status: 'ok' });
        expect(found[3]).toEqual({ user_id: 'user-00003', status: 'error', error: 'user-00003 is odd' });
      }
    });

    it('[TSK12] a cursor of another task is 400, and unknown tasks are 404', async () => {
      const [one, two] = [await add(101), await add(102)];
      const { next = '' } = await getTaskResults(world.services, one, { limit: 1 });
      const work = getTaskResults(world.services, two, { next });
      expect(await refusedWith(work)).toMatchObject({ status: 400, fields: ['next'] });
      const unknown = getTaskResults(world.services, 'nothing' as TaskId, {});
      expect(await refusedWith(unknown)).toMatchObject({ status: 404 });
    });

    it('[TSK1] [TSK13] who has no server token, and who comes too late, cannot cancel', async () => {
      await world.user('ada', { role: 'admin' as never });
      const id = await add(150);
      const { acts } = world.services;
      expect(await refusedWith(cancelTask(acts, world.as('ada'), { id }))).toMatchObject({ status: 403 });
      const nothing = cancelTask(acts, world.server(), { id: 'nothing' as TaskId });
      expect(await refusedWith(nothing)).toMatchObject({ status: 404 });
      await workerOf({}).drain();
      const traces = await world.traces();
      expect(await refusedWith(cancelTask(acts, world.server(), { id }))).toMatchObject({
        status: 400,
        fields: ['id'],
      });
      expect(await world.traces()).toEqual(traces);
    });

    it('[TSK13] cancelling ends a task between two pieces, once', async () => {
      const id = await add(3 * CHUNK_SIZE);
      const { acts } = world.services;
      const positions: number[] = [];
      const worker = workerOf({
        async run(piece) {
          positions.push(piece.position);
          if (piece.position > 0) await cancelTask(acts, world.server(), { id });
          await countPiece(piece);
        },
      });
      await worker.drain();
      expect(positions).toEqual([0, CHUNK_SIZE]);
      expect(await seen(id)).toMatchObject({ status: 'cancelled', progress: { done: CHUNK_SIZE } });
      expect(Object.keys((await seen(id)).result ?? {})).toEqual(idsFrom(CHUNK_SIZE));
      const statuses = (await pagesOf(id, 1000)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 'not_done')).toHaveLength(2 * CHUNK_SIZE);
      const cancels = (await world.audits()).filter(({ action }) => action === 'task.cancel');
      expect(cancels).toMatchObject([{ target_type: 'task', target_id: id, after: { done: CHUNK_SIZE } }]);
      const traces = await world.traces();
      expect((await cancelTask(acts, world.server(), { id })).status).toBe(200);
      expect(await world.traces()).toEqual(traces);
      world.clock.advance(60_000);
      await worker.drain();
      expect(positions).toHaveLength(2);
      expect(logged).toEqual([]);
    });

    it('[TSK18] after 7 days a task goes with everything that it found', async () => {
      const id = await add(5 * CHUNK_SIZE);
      world.clock.advance(1);
      const young = await add(150);
      const { database } = world.services;
      const outputs = idsFrom(450).map((subject_id, item) => ({
        ...{ task_id: id, subject_id, item, page: 0, lines: '{}\n' },
      }));
      await database.write((tx) => addOutputs(tx, outputs));
      const worker = workerOf({});
      await worker.drain();
      world.clock.advance(TASK_RETENTION_MS - 1);
      await worker.drain();
      expect(await world.rows('task_outputs')).toHaveLength(450);
      world.clock.advance(1);
      await worker.drain();
      expect(await world.rows('task_outputs')).toEqual([]);
      expect((await world.rows('tasks')).map((row) => row.id)).toEqual([young]);
      expect((await world.rows('task_chunks')).map((row) => row.task_id)).toEqual([young, young]);
    });
  });
}
