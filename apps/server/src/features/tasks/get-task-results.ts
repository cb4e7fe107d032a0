import type { TaskId, TaskResult, UserId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type CursorScope, decodeCursor, encodeCursor } from '../../storage/cursor.ts';
import type { Handle } from '../../storage/database.ts';
import type { TaskChunksTable } from '../../storage/tables.ts';
import { requireTask, type TaskReading } from './get-task.ts';
import { ENFORCEMENT_TASK, type ItemResult, itemResult, type Outcome, type TaskRow } from './task.ts';
import { chunksBetween } from './task-chunks.store.ts';

const DEFAULT_LIMIT = 100;

/**
 * A page of the users of a task in the order of the request, each once, with what became of them so far. 404/16
 * without the task, 400/4 for a cursor of another one and for a task that is not about users.
 */
export function getTaskResults(
  { database, clock }: TaskReading,
  id: TaskId,
  asked: { limit?: number; next?: string },
): Promise<{ results: TaskResult[]; next?: string }> {
  return database.read(async (snapshot) => {
    const row = await requireTask(snapshot, id, clock.now());
    if (row.type === ENFORCEMENT_TASK) throw inputError('id', 'the task is not about users');
    const scope: CursorScope = { list: 'task_results', sort: [], filter: { id } };
    const keys = asked.next === undefined ? [0] : decodeCursor('next', scope, asked.next, ['number']);
    const from = Number(keys[0]);
    const to = from + (asked.limit ?? DEFAULT_LIMIT);
    const results = await resultsBetween(snapshot, row, from, to);
    return { results, ...(to < row.total && { next: encodeCursor('next', scope, [to]) }) };
  });
}

async function resultsBetween(handle: Handle, row: TaskRow, from: number, to: number): Promise<TaskResult[]> {
  if (row.result !== null) {
    const results = Object.entries(JSON.parse(row.result) as Record<string, ItemResult>);
    return results.slice(from, to).map(([id, result]) => ({ user_id: id as UserId, ...result }));
  }
  const chunks = await chunksBetween(handle, row.id, from, to);
  const first = chunks[0]?.position ?? from;
  return chunks.flatMap(resultsIn).slice(from - first, to - first);
}

function resultsIn({ items, results }: TaskChunksTable): TaskResult[] {
  const ids = JSON.parse(items) as UserId[];
  if (results === null) return ids.map((user_id) => ({ user_id, status: 'not_done' }));
  const outcomes = JSON.parse(results) as Outcome[];
  return ids.map((user_id, at) => ({ user_id, ...itemResult(outcomes[at] ?? null) }));
}
