import type { JobId, TaskId } from '@callgate/contract';
import type { FanOuts, Reached } from '../enforcement/index.ts';
import { ENFORCEMENT_TASK, pendingTask } from './task.ts';
import { addTask, completeFanOut, findFanOut, noteFanOut } from './tasks.store.ts';

/** The task of a job has the job's id. */
const idOf = (job: JobId): TaskId => job as string as TaskId;

/**
 * Changes that fan out, shown as tasks. Their jobs do the work and not the worker of tasks: it must never be given up, and a
 * media server that hangs must not hold up the other tasks (ADR 13).
 */
export const fanOuts: FanOuts = {
  add(tx, job, now) {
    const plan = { type: ENFORCEMENT_TASK, total: 0, requestId: '' };
    return addTask(tx, { ...pendingTask(plan, now), id: idOf(job), settled: 1 });
  },
  async reached(handle, job) {
    const input = (await findFanOut(handle, idOf(job)))?.input ?? null;
    return input === null ? undefined : (JSON.parse(input) as Reached);
  },
  advance: (tx, job, { done, total, ...more }, now) =>
    noteFanOut(tx, { id: idOf(job), done, total, input: JSON.stringify({ done, total, ...more }), now }),
  complete: (tx, job, result, now) =>
    completeFanOut(tx, { id: idOf(job), result: JSON.stringify(result), now }),
};
