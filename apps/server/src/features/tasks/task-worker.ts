import { randomUUID } from 'node:crypto';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { backoffMs } from '../../kernel/backoff.ts';
import type { Clock } from '../../kernel/clock.ts';
import { ApiError } from '../../kernel/errors.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Database } from '../../storage/database.ts';
import { purgeTasks } from './purge-tasks.ts';
import { finishTask, type PieceDeps, runPiece, settleCutShort, type TaskHooks } from './run-piece.ts';
import type { TaskRow } from './task.ts';
import { type TaskHandler, TaskMovedError } from './task-handler.ts';
import {
  giveTasksBack,
  noteTaskFailure,
  postponeTask,
  runnableTasks,
  takeTasksBack,
  tasksCutShort,
} from './tasks.store.ts';

/** How often tasks that nobody woke the worker for are looked for, in milliseconds. */
const TICK_MS = 1_000;
/** Tasks that take turns; further ones wait. */
const MOST_AT_ONCE = 100;
/** After so many failures in a row a task has failed: after some four minutes. */
const MOST_ATTEMPTS = 10;
/** When the end of a task cannot be done, it is tried again after this, in milliseconds. */
const END_AGAIN_MS = 60_000;

export interface TaskWorker {
  /** Goes on with what was left when the last process ended, and looks for tasks from now on. */
  start(): Promise<void>;
  /** A task was added: it is begun soon. */
  wake(): void;
  /** Does what can be done now; resolves when that is nothing. */
  drain(): Promise<void>;
  /** Ends after the piece that is under way, and lets others take the rest. */
  close(): Promise<void>;
}

export interface TaskWorkerOptions {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  /** By type of task. */
  handlers: Readonly<Record<string, TaskHandler>>;
  /** Unique per process. (Default: random) */
  worker?: string;
  hooks?: TaskHooks | undefined;
}

/**
 * Does tasks piece by piece, one piece of each task in turn. Every piece is a transaction that moves the task's
 * position with what it did, so a crash neither loses nor doubles one. Among several processes a task has one worker
 * at a time; one that was paused finds its task moved on, and its piece is taken back.
 */
export function createTaskWorker(options: TaskWorkerOptions): TaskWorker {
  const { database, clock, logger, handlers, hooks, worker = randomUUID() } = options;
  const deps = { database, clock, worker, hooks };
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let isWoken = false;
  let isClosing = false;
  let isFailing = false;

  const step = stepper(options, deps);

  const round = async (): Promise<boolean> => {
    const asked = { worker, now: clock.now(), limit: MOST_AT_ONCE };
    const tasks = await database.read((snapshot) => runnableTasks(snapshot, asked));
    let isFurther = false;
    for (const task of tasks) {
      if (isClosing) return false;
      if (await step(task)) isFurther = true;
      // Requests that arrived meanwhile come first.
      await turnOfTheLoop();
    }
    return isFurther;
  };

  const settleAll = async (): Promise<void> => {
    const asked = { now: clock.now(), limit: MOST_AT_ONCE };
    for (const task of await database.read((snapshot) => tasksCutShort(snapshot, asked))) {
      if (isClosing) return;
      try {
        await settleCutShort(deps, task, handlers[task.type]);
      } catch (error) {
        await database.write((tx) => postponeTask(tx, task.id, clock.now() + END_AGAIN_MS));
        logger.error({ err: error, task_id: task.id }, 'the end of a task met a failure');
      }
    }
  };

  const work = async (): Promise<void> => {
    do {
      isWoken = false;
      while (await round());
      await settleAll();
      await purgeTasks({ database, clock, isClosing: () => isClosing });
    } while (isWoken && !isClosing);
  };

  const drain = async (): Promise<void> => {
    running ??= work().finally(() => {
      running = undefined;
    });
    await running;
    // Woken after the last look.
    if (isWoken && !isClosing) await drain();
  };

  /** Nobody waits for this: a failure of the store is logged once, and the next tick tries again. */
  const inBackground = (): void =>
    void drain().then(
      () => {
        isFailing = false;
      },
      (error: unknown) => {
        if (!isFailing) logger.error({ err: error }, 'tasks cannot be done now; trying again');
        isFailing = true;
      },
    );

  return {
    drain,
    async start() {
      // One process has the data folder of SQLite: whoever had a task before is gone.
      if (database.engine === 'sqlite') await database.write(takeTasksBack);
      timer = setInterval(inBackground, TICK_MS);
      timer.unref();
      inBackground();
    },
    wake() {
      isWoken = true;
      if (timer !== undefined && !isClosing) inBackground();
    },
    async close() {
      isClosing = true;
      clearInterval(timer);
      await running?.catch(() => undefined);
      // When this fails, others wait until the lease runs out.
      if (timer !== undefined) {
        await database.write((tx) => giveTasksBack(tx, worker)).catch(() => undefined);
      }
    },
  };
}

/** Does the next piece of a task, or its end; answers whether it is further than before. Failures are noted. */
function stepper(
  { database, clock, logger, handlers }: TaskWorkerOptions,
  deps: PieceDeps,
): (task: TaskRow) => Promise<boolean> {
  return async (task) => {
    try {
      const handler = handlers[task.type];
      if (!handler) throw new Error(`nobody does tasks of the type ${task.type}`);
      if (task.next_position < task.total) await runPiece(deps, task, handler);
      else await finishTask(deps, task, handler);
      return true;
    } catch (error) {
      if (error instanceof TaskMovedError) return false;
      const failure = failureOf(task, error, clock.now());
      await database.write((tx) => noteTaskFailure(tx, failure, clock.now()));
      // After it was noted: while the store fails, its own message is enough.
      logger.error({ err: error, task_id: task.id, attempts: failure.attempts }, 'a task met a failure');
      return false;
    }
  };
}

/** What is noted of a failure: when to try again, or that it was the last. */
function failureOf(task: TaskRow, error: unknown, now: number) {
  const attempts = task.attempts + 1;
  const isLast = attempts >= MOST_ATTEMPTS;
  const { id, next_position } = task;
  return {
    ...{ id, next_position, attempts },
    status: isLast ? ('failed' as const) : task.status,
    run_at: isLast ? now : now + backoffMs(task.attempts),
    error: isLast ? JSON.stringify(errorOf(task, error)) : null,
  };
}

/** Nothing of the server's inside is told: an unforeseen error stands in the log under the task's id. */
const errorOf = ({ id }: TaskRow, error: unknown) =>
  error instanceof ApiError
    ? { type: error.kind, description: error.message }
    : { type: 'internal', description: `internal error; the server's log names it under ${id}` };
