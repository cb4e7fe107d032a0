import type { ReactivateUsersRequest, TaskId } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { bulkUsers } from './bulk-users.ts';
import { reactivated } from './reactivate-user.ts';

/** Reactivates up to 100 users before the reply, as a task that is completed. */
export function reactivateUsers(
  acts: Acts,
  request: ActRequest,
  input: ReactivateUsersRequest,
): Promise<ActReply<{ task_id: TaskId }>> {
  return bulkUsers(acts, request, input.user_ids, {
    action: 'user.reactivate',
    event: 'user.reactivated',
    asId: input.created_by_id ?? null,
    change: (before, act) => reactivated(before, act.now),
  });
}
