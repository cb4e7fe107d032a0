import type { DeactivateUsersRequest, TaskId, UserId } from '@callgate/contract';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import type { BulkIds } from '../tasks/index.ts';
import { type BulkWork, bulkUsers } from './bulk-users.ts';
import { deactivated } from './deactivate-user.ts';

/** Deactivates users as a task: up to 100 before the reply, more in the background. */
export const deactivateUsers = (
  acts: Acts,
  request: ActRequest,
  input: Omit<DeactivateUsersRequest, 'user_ids'> & { user_ids: BulkIds },
): Promise<ActReply<{ task_id: TaskId }>> =>
  bulkUsers(acts, request, input.user_ids, deactivation(input.created_by_id ?? null));

export const deactivation = (asId: UserId | null): BulkWork => ({
  action: 'user.deactivate',
  event: 'user.deactivated',
  asId,
  change: (before, now) => deactivated(before, asId, now),
});
