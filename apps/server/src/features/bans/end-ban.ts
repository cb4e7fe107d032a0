import type { BanId, UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import type { DueWork } from '../enforcement/index.ts';
import { clearTimer, setTimer } from '../timers/index.ts';
import { isInForce } from './ban.ts';
import { type BanRow, findBanById } from './bans.store.ts';
import { liftBan } from './lift-ban.ts';

/** The end of a timed ban; the key is its id. */
export const BAN_END = 'ban.end';

/** Sets, moves or clears the timer of a ban's end. Hold `user:<target>`. */
export async function armBanEnd(
  tx: Tx,
  ban: Pick<BanRow, 'id' | 'target_user_id' | 'expires_at'>,
): Promise<void> {
  if (ban.expires_at === null) await clearTimer(tx, BAN_END, ban.id);
  else {
    const data = { user_id: ban.target_user_id };
    await setTimer(tx, { kind: BAN_END, key: ban.id, dueAt: ban.expires_at, data });
  }
}

/**
 * Announces that a ban is over, and drops it with its addresses. That it is over does not depend on this: whoever asks
 * compares its end with the clock.
 */
export const endBan: DueWork = {
  hold: (tx, { data }) => tx.lock(`user:${(data as { user_id: UserId }).user_id}`),
  async verb(act, { key }) {
    const ban = await findBanById(act.tx, key as BanId);
    if (ban && !isInForce(ban, act.now)) await liftBan(act, ban, { expired: true });
  },
};
