import type { UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import type { UserBlocksTable } from '../../storage/tables.ts';
import { requireActor } from '../enforcement/index.ts';
import { type Asking, callerPerson, requireUser } from '../users/index.ts';

export type UserBlockRow = UserBlocksTable;

/**
 * Who blocks. A server token names an existing, active person in `user_id` (400/4 without, 404/16, 403/17); a user
 * token leaves it out or names itself (403/17).
 */
export async function blockerOf(asking: Asking, userId: UserId | undefined): Promise<UserId> {
  const id = await blockOwnerOf(asking, userId);
  if (asking.caller.kind === 'server') await requireActor(asking.tx, asking.policy, id);
  return id;
}

/** As `blockerOf`, for reading: the blocks of a deactivated person can be read by a server token. */
export async function blockOwnerOf(asking: Asking, userId: UserId | undefined): Promise<UserId> {
  if (asking.caller.kind === 'server') {
    if (userId === undefined) throw inputError('user_id', 'is required with a server token');
    return (await requireUser(asking.tx, userId)).id;
  }
  const { id } = await callerPerson(asking);
  if (userId !== undefined && userId !== id) throw notAllowed('user_id must be the user of the token');
  return id;
}

/** 400/4 for oneself. */
export function demandSomebodyElse(blocker: UserId, blocked: UserId): void {
  if (blocker === blocked) throw inputError('blocked_user_id', 'must be somebody else');
}

/** A block as the reply to blocking shows it. */
export const blockResponse = (row: UserBlockRow) => ({
  blocked_by_user_id: row.user_id,
  blocked_user_id: row.blocked_user_id,
  created_at: toTime(row.created_at),
});
