import type { TaskId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { requireTask } from './get-task.ts';
import { ENFORCEMENT_TASK } from './task.ts';
import { endCancelled } from './tasks.store.ts';

/**
 * Ends a task before its end: what is done stays done, and no further id is touched after the reply. Server tokens
 * only. Cancelled already: the same 200 with no record. 404/16 for an unknown task, 400/4 for one that is completed,
 * has failed, or enforces a decision (rules TSK12..).
 */
export function cancelTask(
  acts: Acts,
  request: ActRequest,
  { id }: { id: TaskId },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const ended = await endCancelled(act.tx, id, act.now);
    if (!ended) {
      const { status, type } = await requireTask(act.tx, id, act.now);
      if (type === ENFORCEMENT_TASK && status !== 'completed')
        throw inputError('id', 'the task enforces a decision; it is taken back by another one');
      if (status === 'cancelled') return {};
      throw inputError('id', `the task is ${status}; there is nothing left to cancel`);
    }
    const { done } = ended;
    act.audit({ action: 'task.cancel', target: { type: 'task', id }, after: { status: 'cancelled', done } });
    return {};
  });
}
