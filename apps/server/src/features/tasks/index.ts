export { getTask } from './get-task.ts';
export { completedTask, type ItemResult, TASK_RETENTION_MS } from './task.ts';
export { addTask, purgeTasks } from './tasks.store.ts';
