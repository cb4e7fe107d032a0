import type { TaskId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { newId } from '../../kernel/id.ts';
import type { TasksTable } from '../../storage/tables.ts';

export type TaskRow = TasksTable;

/** How long a task can be asked for: 7 days in milliseconds. */
export const TASK_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;

/** What became of one item of bulk work. */
export type ItemResult = { status: 'ok' } | { status: 'error'; error: string };

/** A task whose work was done within the request that made it. */
export const completedTask = (type: string, result: Record<string, ItemResult>, now: number): TaskRow => ({
  id: newId<TaskId>(now),
  type,
  status: 'completed',
  total: Object.keys(result).length,
  done: Object.keys(result).length,
  result: JSON.stringify(result),
  error: null,
  created_at: now,
  updated_at: now,
});

/** A task as clients see it. */
export const taskResponse = (row: TaskRow) => ({
  task_id: row.id,
  status: row.status,
  created_at: toTime(row.created_at),
  updated_at: toTime(row.updated_at),
  progress: { done: row.done, total: row.total },
  ...(row.result !== null && { result: JSON.parse(row.result) as Record<string, unknown> }),
  ...(row.error !== null && { error: JSON.parse(row.error) as { type: string; description: string } }),
});
