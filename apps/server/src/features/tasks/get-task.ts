import type { TaskId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { notFound } from '../../kernel/errors.ts';
import type { Database, Handle } from '../../storage/database.ts';
import { resultOf, type TaskRow, taskResponse, tellsResult } from './task.ts';
import { chunksBetween } from './task-chunks.store.ts';
import { findTask } from './tasks.store.ts';

/** What reading a task needs. */
export interface TaskReading {
  database: Database;
  clock: Clock;
}

/** A task of the last 7 days, or 404/16. */
export async function requireTask(handle: Handle, id: TaskId, now: number): Promise<TaskRow> {
  const row = await findTask(handle, id, now);
  if (!row) throw notFound('task', id);
  return row;
}

/** A task of the last 7 days, or 404/16. Who may ask is the route's matter: server tokens only (rules TSK1..). */
export function getTask({ database, clock }: TaskReading, id: TaskId) {
  return database.read(async (snapshot) => {
    const row = await requireTask(snapshot, id, clock.now());
    if (!tellsResult(row)) return taskResponse(row);
    return taskResponse(row, resultOf(await chunksBetween(snapshot, id, 0, row.total)));
  });
}
