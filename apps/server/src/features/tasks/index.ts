export { cancelTask } from './cancel-task.ts';
export { fanOuts } from './fan-outs.ts';
export { getTask } from './get-task.ts';
export { EXPORT_TASK, getTaskExport, streamTaskExport } from './get-task-export.ts';
export { getTaskResults } from './get-task-results.ts';
export type { TaskHooks } from './run-piece.ts';
export { startTask } from './start-task.ts';
export {
  completedTask,
  type ItemResult,
  itemResult,
  type Outcome,
  TASK_RETENTION_MS,
  type TaskRow,
} from './task.ts';
export { type TaskHandler, TaskMovedError, type TaskPiece } from './task-handler.ts';
export { type BulkIds, cutUp, idsIn, itemsOf, type TaskItems } from './task-items.ts';
export { addOutputs, dropOutputsFrom, forgetOutputsAbout, type TaskOutput } from './task-outputs.store.ts';
export { createTaskWorker, type TaskWorker } from './task-worker.ts';
export { addTask } from './tasks.store.ts';
