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
const deleteOld = prepared<{ before: number }, never>((db, p) =>
  db.deleteFrom('tasks').where('created_at', '<', p('before')).where('status', 'in', ['completed', 'failed']),
);
const selectTask = prepared<{ id: TaskId; since: number }, TaskRow>((db, p) =>
  db.selectFrom('tasks').selectAll().where('id', '=', p('id')).where('created_at', '>=', p('since')),
);

/** Adds a task and drops those that ended more than 7 days ago. */
export async function addTask(tx: Tx, row: TaskRow): Promise<void> {
  await Promise.all([
    deleteOld.all(tx, { before: row.created_at - TASK_RETENTION_MS }),
    insertTask.all(tx, row),
  ]);
}

/** A task of the last 7 days. */
export const findTask = (handle: Handle, id: TaskId, now: number): Promise<TaskRow | undefined> =>
  selectTask.first(handle, { id, since: now - TASK_RETENTION_MS });
