import type { UserId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { TaskRow } from './task.ts';
import { chunksBetween, findChunk, writeOutcomes } from './task-chunks.store.ts';
import { type TaskHandler, TaskMovedError, type TaskPiece } from './task-handler.ts';
import { advanceTask, completeTask, holdTask, settleTask } from './tasks.store.ts';

/**
 * How long a worker has a task without touching it, in milliseconds. It is touched in each transaction, so this is
 * how long the tasks of a node that was killed wait for another one.
 */
const LEASE_MS = 5_000;

/** What doing a piece needs. */
export interface PieceDeps {
  database: Database;
  clock: Clock;
  /** The worker: unique per process. */
  worker: string;
  hooks?: TaskHooks | undefined;
}

/** What tests may hang onto; absent in production. */
export interface TaskHooks {
  /** `mid-task`: a piece is written, not committed. `between-pieces`: it is committed. */
  at(point: 'mid-task' | 'between-pieces'): void | Promise<void>;
}

/** Does the next piece of a task. Throws `TaskMovedError` when it is not this worker's any more. */
export async function runPiece(deps: PieceDeps, task: TaskRow, handler: TaskHandler): Promise<void> {
  const position = task.next_position;
  const chunk = await deps.database.read((snapshot) => findChunk(snapshot, task.id, position));
  if (!chunk) throw new Error(`task ${task.id} has no ids at ${position}`);
  const hold = holder(deps, task);
  const piece: TaskPiece = {
    ...{ task, position, hold },
    ids: JSON.parse(chunk.items) as UserId[],
    async done(tx, outcomes) {
      await Promise.all([
        writeOutcomes(tx, { task_id: task.id, position }, outcomes),
        advanceTask(tx, task.id, position + chunk.size, deps.clock.now()),
      ]);
      await deps.hooks?.at('mid-task');
    },
  };
  await handler.run(piece);
  await deps.hooks?.at('between-pieces');
}

/** Does what is to be done after the last piece, and completes the task. */
export async function finishTask(deps: PieceDeps, task: TaskRow, handler: TaskHandler): Promise<void> {
  const { database, clock } = deps;
  const hold = holder(deps, task);
  if (handler.finish) {
    await database.write(hold);
    await handler.finish(task, () => idsDone(deps, task, hold));
  }
  await database.write(async (tx) => {
    await hold(tx);
    await completeTask(tx, task.id, clock.now());
  });
}

/** The first hold remembers whose turn it is: later ones fail when somebody else had the task in between. */
function holder({ clock, worker }: PieceDeps, task: TaskRow): (tx: Tx) => Promise<void> {
  let known: number | undefined;
  return async (tx) => {
    const now = clock.now();
    const claim = { id: task.id, position: task.next_position, worker, now, until: now + LEASE_MS };
    const fence = await holdTask(tx, claim);
    if (fence === undefined || fence !== (known ?? fence)) {
      throw new TaskMovedError(`task ${task.id} was cancelled, or another worker has it`);
    }
    known = fence;
  };
}

/** Chunks of ids that are read at once. */
const IDS_READ = 1_000;

/** Does what follows the end of a task that was cancelled or has failed, for the ids that were done. */
export async function settleCutShort(deps: PieceDeps, task: TaskRow, handler?: TaskHandler): Promise<void> {
  await handler?.finish?.(task, () => idsDone(deps, task, async () => undefined));
  await deps.database.write((tx) => settleTask(tx, task.id));
}

/** The ids of a task that were done, some at a time; the task is held meanwhile. */
async function* idsDone(
  { database }: PieceDeps,
  task: TaskRow,
  hold: (tx: Tx) => Promise<void>,
): AsyncGenerator<UserId[]> {
  const end = task.next_position;
  for (let from = 0; from < end; from += IDS_READ) {
    await database.write(hold);
    const to = Math.min(end, from + IDS_READ);
    const chunks = await database.read((snapshot) => chunksBetween(snapshot, task.id, from, to));
    yield chunks
      .filter(({ position }) => position >= from)
      .flatMap(({ items }) => JSON.parse(items) as UserId[]);
  }
}
