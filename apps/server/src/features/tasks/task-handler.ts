import type { UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import type { Outcome, TaskRow } from './task.ts';

/** Ids of a task that are done in one piece. */
export interface TaskPiece {
  readonly task: TaskRow;
  /** Of the first of the ids, from 0. */
  readonly position: number;
  readonly ids: readonly UserId[];
  /**
   * Takes the task for this transaction: the first thing in every transaction of a handler. Throws `TaskMovedError`
   * when the task was cancelled or somebody else works on it.
   */
  hold(tx: Tx): Promise<void>;
  /** Writes down what became of each id, in their order, and that the piece is done; once, with what was done last. */
  done(tx: Tx, outcomes: readonly Outcome[]): Promise<void>;
}

/** Does the work of one type of task; `app.ts` hands the handlers to the worker. */
export interface TaskHandler {
  /**
   * Does one piece. What it writes in the transaction of `done` happens once, whatever crashes; what it writes in
   * others may be written again.
   */
  run(piece: TaskPiece): Promise<void>;
  /**
   * Runs after the last piece, before the task is completed, and also when it was cancelled or has failed. `ids`: those
   * that were done. After a crash it runs again, so doing it twice must be harmless.
   */
  finish?(task: TaskRow, ids: () => AsyncIterable<readonly UserId[]>): Promise<void>;
}

/** The task was cancelled, or another worker has it: whatever was begun is taken back. */
export class TaskMovedError extends Error {
  override name = 'TaskMovedError';
}
