import type { TaskId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { notFound } from '../../kernel/errors.ts';
import type { Database } from '../../storage/database.ts';
import { taskResponse } from './task.ts';
import { findTask } from './tasks.store.ts';

/** A task of the last 7 days, or 404/16. Who may ask is the route's matter: server tokens only (rules TSK1..). */
export async function getTask(deps: { database: Database; clock: Clock }, id: TaskId) {
  const row = await deps.database.read((snapshot) => findTask(snapshot, id, deps.clock.now()));
  if (!row) throw notFound('task', id);
  return taskResponse(row);
}
