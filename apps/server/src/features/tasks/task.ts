import { LIMITS, type TaskId, type UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { newId } from '../../kernel/id.ts';
import type { TaskChunksTable, TasksTable } from '../../storage/tables.ts';

export type TaskRow = TasksTable;

/** The type of the tasks that show how far an act is enforced. */
export const ENFORCEMENT_TASK = 'enforcement';

/** How long a task can be asked for: 7 days in milliseconds. */
export const TASK_RETENTION_MS = 7 * 24 * 60 * 60 * 1000;

/** What became of one item of bulk work. */
export type ItemResult = { status: 'ok' } | { status: 'error'; error: string };

/** As `ItemResult`, shorter: null for what worked, otherwise why not. */
export type Outcome = string | null;

const UNCLAIMED = { attempts: 0, run_at: 0, leased_by: null, leased_until: 0, fence: 0 };

/** A task whose work was done within the request that made it. */
export const completedTask = (type: string, result: Record<string, ItemResult>, now: number): TaskRow => {
  const total = Object.keys(result).length;
  return {
    id: newId<TaskId>(now),
    type,
    status: 'completed',
    ...{ total, done: total, next_position: total },
    result: JSON.stringify(result),
    ...{ error: null, input: null, as_id: null, request_id: '' },
    ...{ created_at: now, updated_at: now, ...UNCLAIMED, settled: 1 },
  };
};

/** What a task in the background is to do. */
export interface TaskPlan {
  /** Which handler does it. */
  type: string;
  /** How many ids. */
  total: number;
  /** What the handler needs to know beside the ids. */
  input?: Record<string, unknown>;
  /** On whose behalf a server asked. */
  asId?: UserId | null;
  /** The request that asked; the audit records of the task carry it. */
  requestId: string;
}

/** A task that a worker has yet to do. */
export const pendingTask = (
  { type, total, input, asId = null, requestId }: TaskPlan,
  now: number,
): TaskRow => ({
  id: newId<TaskId>(now),
  type,
  status: 'pending',
  ...{ total, done: 0, next_position: 0, result: null, error: null },
  input: input ? JSON.stringify(input) : null,
  ...{ as_id: asId, request_id: requestId },
  ...{ created_at: now, updated_at: now, ...UNCLAIMED, settled: 0 },
});

/** Whether nothing more will happen to it. */
export const hasEnded = ({ status }: Pick<TaskRow, 'status'>): boolean =>
  status !== 'pending' && status !== 'running';

/** Whether the task's ids and their outcomes stand in chunks. */
const hasChunks = (row: TaskRow): boolean => row.result === null;

/** Whether a reply about the task tells the outcome of each id. */
export const tellsResult = (row: TaskRow): boolean =>
  hasChunks(row) && hasEnded(row) && row.total <= LIMITS.taskResultsInline;

/** The outcomes of the ids that were done, by id. */
export function resultOf(chunks: readonly TaskChunksTable[]): Record<string, ItemResult> {
  const entries = chunks.flatMap(({ items, results }) => {
    if (results === null) return [];
    const outcomes = JSON.parse(results) as Outcome[];
    return (JSON.parse(items) as UserId[]).map((id, at) => [id, itemResult(outcomes[at] ?? null)] as const);
  });
  return Object.fromEntries(entries);
}

export const itemResult = (outcome: Outcome): ItemResult =>
  outcome === null ? { status: 'ok' } : { status: 'error', error: outcome };

/** A task as clients see it; `result` in place of the row's own, of a task that has chunks. */
export const taskResponse = (row: TaskRow, result?: Record<string, ItemResult>) => {
  const told = row.result === null ? result : (JSON.parse(row.result) as Record<string, unknown>);
  return {
    task_id: row.id,
    status: row.status,
    created_at: toTime(row.created_at),
    updated_at: toTime(row.updated_at),
    progress: { done: row.done, total: row.total },
    ...(told && { result: told }),
    ...(row.error !== null && { error: JSON.parse(row.error) as { type: string; description: string } }),
  };
};
