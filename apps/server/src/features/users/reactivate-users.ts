import type { ReactivateUsersRequest, TaskId, UserId } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import type { BulkIds } from '../tasks/index.ts';
import { type BulkWork, bulkUsers } from './bulk-users.ts';
import { reactivated } from './reactivate-user.ts';

/** Reactivates users as a task: up to 100 before the reply, more in the background. */
export const reactivateUsers = (
  acts: Acts,
  request: ActRequest,
  input: Omit<ReactivateUsersRequest, 'user_ids'> & { user_ids: BulkIds },
): Promise<ActReply<{ task_id: TaskId }>> =>
  bulkUsers(acts, request, input.user_ids, reactivation(input.created_by_id ?? null));

export const reactivation = (asId: UserId | null): BulkWork => ({
  action: 'user.reactivate',
  event: 'user.reactivated',
  asId,
  change: reactivated,
});
