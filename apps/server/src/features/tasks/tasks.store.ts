import type { TaskId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { TASK_RETENTION_MS, type TaskRow } from './task.ts';

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
  }),
);
// `created_at` is within the id (UUID version 7) too, but a date is clearer; 7 days of tasks are few rows.
const deleteOld = prepared<{ before: number; limit: number }, { id: TaskId }>((db, p) =>
  db
    .deleteFrom('tasks')
    .where(
      'id',
      'in',
      db
        .selectFrom('tasks as old')
        .select('old.id')
        .where('old.created_at', '<', p('before'))
        .where('old.status', 'in', ['completed', 'failed'])
        .limit(p('limit')),
    )
    .returning('id'),
);
const selectTask = prepared<{ id: TaskId; since: number }, TaskRow>((db, p) =>
  db.selectFrom('tasks').selectAll().where('id', '=', p('id')).where('created_at', '>=', p('since')),
);

export const addTask = async (tx: Tx, row: TaskRow): Promise<void> => void (await insertTask.all(tx, row));

/** Drops tasks of more than 7 days ago that have ended; resolves with how many. */
export const purgeTasks = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await deleteOld.all(tx, { before: now - TASK_RETENTION_MS, limit })).length;

/** A task of the last 7 days. */
export const findTask = (handle: Handle, id: TaskId, now: number): Promise<TaskRow | undefined> =>
  selectTask.first(handle, { id, since: now - TASK_RETENTION_MS });
