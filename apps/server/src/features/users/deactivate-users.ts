import type { DeactivateUsersRequest, TaskId } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { bulkUsers } from './bulk-users.ts';
import { deactivated } from './deactivate-user.ts';

/** Deactivates up to 100 users before the reply, as a task that is completed. */
export function deactivateUsers(
  acts: Acts,
  request: ActRequest,
  input: DeactivateUsersRequest,
): Promise<ActReply<{ task_id: TaskId }>> {
  const asId = input.created_by_id ?? null;
  return bulkUsers(acts, request, input.user_ids, {
    action: 'user.deactivate',
    event: 'user.deactivated',
    asId,
    change: (before, act) => deactivated(before, asId, act.now),
  });
}
