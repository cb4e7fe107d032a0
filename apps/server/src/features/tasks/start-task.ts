import { LIMITS, type TaskId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { Act } from '../enforcement/index.ts';
import { pendingTask, type TaskPlan } from './task.ts';
import { addChunks } from './task-chunks.store.ts';
import type { TaskItems } from './task-items.ts';
import { addTask } from './tasks.store.ts';

/**
 * Writes a task with its ids in the act that asks for it, and a record of that; a worker does it after the commit.
 * 400/4 above 100,000 ids.
 */
export async function startTask(act: Act, plan: Omit<TaskPlan, 'total'>, items: TaskItems): Promise<TaskId> {
  if (items.total > LIMITS.bulkUserIds) {
    throw inputError('user_ids', `takes at most ${LIMITS.bulkUserIds} ids`);
  }
  const { total } = items;
  const task = pendingTask({ ...plan, total }, act.now);
  await Promise.all([addTask(act.tx, task), addChunks(act.tx, task.id, items)]);
  const { type, id } = task;
  act.audit({
    action: 'task.start',
    asId: plan.asId ?? null,
    target: { type: 'task', id },
    after: { type, total, ...(plan.input && { input: plan.input }) },
  });
  return id;
}
