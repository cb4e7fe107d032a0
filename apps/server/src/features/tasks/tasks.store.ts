import type { TaskId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { ENFORCEMENT_TASK, TASK_RETENTION_MS, type TaskRow } from './task.ts';

const UNFINISHED = ['pending', 'running'] as const;

const insertTask = prepared<TaskRow, never>((db, p) =>
  db.insertInto('tasks').values({
    id: p('id'),
    type: p('type'),
    status: p('status'),
    total: p('total'),
    done: p('done'),
    result: p('result'),
    error: p('error'),
    created_at: p('created_at'),
    updated_at: p('updated_at'),
    input: p('input'),
    as_id: p('as_id'),
    request_id: p('request_id'),
    next_position: p('next_position'),
    attempts: p('attempts'),
    run_at: p('run_at'),
    leased_by: p('leased_by'),
    leased_until: p('leased_until'),
    fence: p('fence'),
    settled: p('settled'),
  }),
);
// `created_at` is within the id (UUID version 7) too, but a date is clearer; 7 days of tasks are few rows. What a
// task left behind is dropped piece by piece before it (`purgeSome`).
const deleteOld = prepared<{ before: number }, never>((db, p) =>
  db
    .deleteFrom('tasks')
    .where('created_at', '<', p('before'))
    .where('status', 'not in', UNFINISHED)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('task_chunks').select('size').whereRef('task_chunks.task_id', '=', 'tasks.id'),
        ),
      ),
    ),
);
const selectTask = prepared<{ id: TaskId; since: number }, TaskRow>((db, p) =>
  db.selectFrom('tasks').selectAll().where('id', '=', p('id')).where('created_at', '>=', p('since')),
);
const selectRunnable = prepared<{ worker: string; now: number; limit: number }, TaskRow>((db, p) =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('settled', '=', 0)
    .where('status', 'in', UNFINISHED)
    .where('run_at', '<=', p('now'))
    .where((eb) =>
      eb.or([
        eb('leased_by', 'is', null),
        eb('leased_by', '=', p('worker')),
        eb('leased_until', '<=', p('now')),
      ]),
    )
    .orderBy('id')
    .limit(p('limit')),
);
const hold = prepared<
  { id: TaskId; position: number; worker: string; now: number; until: number },
  { fence: number }
>((db, p) =>
  db
    .updateTable('tasks')
    .set((eb) => ({
      status: 'running',
      leased_by: p('worker'),
      leased_until: p('until'),
      updated_at: p('now'),
      fence: eb
        .case()
        .when('leased_by', '=', p('worker'))
        .then(eb.ref('fence'))
        .else(eb('fence', '+', 1))
        .end(),
    }))
    .where('id', '=', p('id'))
    .where('next_position', '=', p('position'))
    .where('status', 'in', UNFINISHED)
    .where((eb) =>
      eb.or([
        eb('leased_by', 'is', null),
        eb('leased_by', '=', p('worker')),
        eb('leased_until', '<=', p('now')),
      ]),
    )
    .returning('fence'),
);
const advance = prepared<{ id: TaskId; position: number; now: number }, never>((db, p) =>
  db
    .updateTable('tasks')
    .set({ next_position: p('position'), done: p('position'), attempts: 0, updated_at: p('now') })
    .where('id', '=', p('id')),
);
const complete = prepared<{ id: TaskId; now: number }, never>((db, p) =>
  db
    .updateTable('tasks')
    .set({ status: 'completed', settled: 1, updated_at: p('now'), leased_by: null, leased_until: 0 })
    .where('id', '=', p('id')),
);
const noteFailure = prepared<
  Pick<TaskRow, 'id' | 'status' | 'attempts' | 'run_at' | 'error' | 'next_position'> & { now: number },
  never
>((db, p) =>
  db
    .updateTable('tasks')
    .set({
      status: p('status'),
      attempts: p('attempts'),
      run_at: p('run_at'),
      error: p('error'),
      updated_at: p('now'),
      leased_by: null,
      leased_until: 0,
    })
    .where('id', '=', p('id'))
    .where('next_position', '=', p('next_position'))
    .where('status', 'in', UNFINISHED),
);
const cancel = prepared<{ id: TaskId; now: number }, { done: number }>((db, p) =>
  db
    .updateTable('tasks')
    .set({ status: 'cancelled', updated_at: p('now'), leased_by: null, leased_until: 0 })
    .where('id', '=', p('id'))
    .where('type', '!=', ENFORCEMENT_TASK)
    .where('status', 'in', UNFINISHED)
    .returning('done'),
);
const selectFanOut = prepared<{ id: TaskId }, Pick<TaskRow, 'input'>>((db, p) =>
  db.selectFrom('tasks').select('input').where('id', '=', p('id')),
);
const noteProgress = prepared<Pick<TaskRow, 'id' | 'done' | 'total' | 'input'> & { now: number }, never>(
  (db, p) =>
    db
      .updateTable('tasks')
      .set({
        status: 'running',
        total: p('total'),
        done: p('done'),
        next_position: p('done'),
        input: p('input'),
        updated_at: p('now'),
      })
      .where('id', '=', p('id'))
      .where('status', 'in', UNFINISHED)
      .where('done', '<=', p('done')),
);
const completeWith = prepared<{ id: TaskId; result: string; now: number }, never>((db, p) =>
  db
    .updateTable('tasks')
    .set((eb) => ({
      status: 'completed',
      done: eb.ref('total'),
      next_position: eb.ref('total'),
      result: p('result'),
      updated_at: p('now'),
    }))
    .where('id', '=', p('id'))
    .where('status', 'in', UNFINISHED),
);
const selectCutShort = prepared<{ now: number; limit: number }, TaskRow>((db, p) =>
  db
    .selectFrom('tasks')
    .selectAll()
    .where('settled', '=', 0)
    .where('status', 'not in', UNFINISHED)
    .where('run_at', '<=', p('now'))
    .orderBy('id')
    .limit(p('limit')),
);
const settle = prepared<{ id: TaskId }, never>((db, p) =>
  db.updateTable('tasks').set({ settled: 1 }).where('id', '=', p('id')),
);
const postpone = prepared<{ id: TaskId; run_at: number }, never>((db, p) =>
  db
    .updateTable('tasks')
    .set({ run_at: p('run_at') })
    .where('id', '=', p('id')),
);
const giveBack = prepared<{ worker: string }, never>((db, p) =>
  db
    .updateTable('tasks')
    .set({ leased_by: null, leased_until: 0 })
    .where('leased_by', '=', p('worker'))
    .where('status', 'in', UNFINISHED),
);
const giveBackAll = prepared<Record<never, never>, never>((db) =>
  db.updateTable('tasks').set({ leased_by: null, leased_until: 0 }).where('status', 'in', UNFINISHED),
);

/** Adds a task and drops those that ended more than 7 days ago and have left nothing. */
export async function addTask(tx: Tx, row: TaskRow): Promise<void> {
  await Promise.all([dropOldTasks(tx, row.created_at), insertTask.all(tx, row)]);
}

/** Drops the rows of tasks that ended more than 7 days ago and have left nothing. */
export const dropOldTasks = async (tx: Tx, now: number): Promise<void> =>
  void (await deleteOld.all(tx, { before: now - TASK_RETENTION_MS }));

/** A task of the last 7 days. */
export const findTask = (handle: Handle, id: TaskId, now: number): Promise<TaskRow | undefined> =>
  selectTask.first(handle, { id, since: now - TASK_RETENTION_MS });

/** Tasks that this worker may go on with now, the oldest first. */
export const runnableTasks = (
  handle: Handle,
  asked: { worker: string; now: number; limit: number },
): Promise<TaskRow[]> => selectRunnable.all(handle, asked);

/**
 * Takes the task for the rest of the transaction, if it stands at `position`, has not ended, and nobody else has
 * it; answers its fence. Its row stays locked, so whoever else tries waits and then finds it moved on.
 */
export const holdTask = async (
  tx: Tx,
  claim: { id: TaskId; position: number; worker: string; now: number; until: number },
): Promise<number | undefined> => (await hold.first(tx, claim))?.fence;

/** The next id to do is now at `position`. Hold the task. */
export const advanceTask = async (tx: Tx, id: TaskId, position: number, now: number): Promise<void> =>
  void (await advance.all(tx, { id, position, now }));

/** Hold the task. */
export const completeTask = async (tx: Tx, id: TaskId, now: number): Promise<void> =>
  void (await complete.all(tx, { id, now }));

/** Notes a failure, and with status `failed` that it was the last; nothing happens when the task has moved on. */
export const noteTaskFailure = async (
  tx: Tx,
  failure: Pick<TaskRow, 'id' | 'status' | 'attempts' | 'run_at' | 'error' | 'next_position'>,
  now: number,
): Promise<void> => void (await noteFailure.all(tx, { ...failure, now }));

/** Ends a task that has not ended; answers how many ids were done, or undefined when it had. */
export const endCancelled = (tx: Tx, id: TaskId, now: number): Promise<{ done: number } | undefined> =>
  cancel.first(tx, { id, now });

/** How far the task of a change that fans out is. */
export const findFanOut = (handle: Handle, id: TaskId): Promise<Pick<TaskRow, 'input'> | undefined> =>
  selectFanOut.first(handle, { id });

/** Notes how far it is; nothing happens when it is further already, or completed. */
export const noteFanOut = async (
  tx: Tx,
  at: Pick<TaskRow, 'id' | 'done' | 'total' | 'input'> & { now: number },
): Promise<void> => void (await noteProgress.all(tx, at));

/** Completes it with what came of it, once. */
export const completeFanOut = async (
  tx: Tx,
  at: { id: TaskId; result: string; now: number },
): Promise<void> => void (await completeWith.all(tx, at));

/** Tasks that were cancelled or have failed, and are not settled. */
export const tasksCutShort = (handle: Handle, asked: { now: number; limit: number }): Promise<TaskRow[]> =>
  selectCutShort.all(handle, asked);

/** Everything that follows the end of the task is done. */
export const settleTask = async (tx: Tx, id: TaskId): Promise<void> => void (await settle.all(tx, { id }));

/** Leaves the task alone until then (milliseconds). */
export const postponeTask = async (tx: Tx, id: TaskId, run_at: number): Promise<void> =>
  void (await postpone.all(tx, { id, run_at }));

/** Lets others take what this worker has. */
export const giveTasksBack = async (tx: Tx, worker: string): Promise<void> =>
  void (await giveBack.all(tx, { worker }));

/** Takes every task from whoever had it: only where no other process can be at work. */
export const takeTasksBack = async (tx: Tx): Promise<void> => void (await giveBackAll.all(tx, {}));
