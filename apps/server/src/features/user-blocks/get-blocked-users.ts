import type { UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { ActRequest, Acts } from '../enforcement/index.ts';
import { findUsers, userResponse } from '../users/index.ts';
import { blockOwnerOf } from './user-block.ts';
import { listUserBlocks } from './user-blocks.store.ts';

/** Items on a page unless asked otherwise. */
const DEFAULT_LIMIT = 100;

/** A page of the blocks that one user made, the oldest first, with both users. */
export async function getBlockedUsers(
  acts: Acts,
  request: Pick<ActRequest, 'caller' | 'address'>,
  input: { user_id?: UserId; limit?: number; next?: string; prev?: string },
) {
  const now = acts.clock.now();
  return acts.database.read(async (snapshot) => {
    const { user_id: asked, limit = DEFAULT_LIMIT, ...cursors } = input;
    const asking = { tx: snapshot, now, policy: acts.policy, ...request };
    const userId = await blockOwnerOf(asking, asked);
    const { items, ...links } = await listUserBlocks(snapshot, userId, { limit, ...cursors });
    const users = await findUsers(snapshot, [userId, ...items.map((row) => row.blocked_user_id)]);
    const mine = users.get(userId);
    const blocks = items.flatMap((row) => {
      const blocked = users.get(row.blocked_user_id);
      if (!mine || !blocked) return [];
      return {
        user_id: row.user_id,
        blocked_user_id: row.blocked_user_id,
        created_at: toTime(row.created_at),
        user: userResponse(mine, now),
        blocked_user: userResponse(blocked, now),
      };
    });
    return { blocks, ...links };
  });
}
