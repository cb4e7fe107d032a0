import type { UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import type { DueWork } from '../enforcement/index.ts';
import { selectSessions } from '../media/index.ts';
import { setTimer } from '../timers/index.ts';
import { deleted } from './delete-users.ts';
import { isAnonymousId } from './guest.ts';
import { recordChanges } from './record-changes.ts';
import { findUser, type UserRow } from './users.store.ts';

/** The end of a guest or anonymous person; the key is the id. */
export const GUEST_END = 'guest.end';

/** Sets the timer of a new guest's end. */
export async function armGuestEnd(tx: Tx, { id, guest_expires_at: dueAt }: UserRow): Promise<void> {
  if (dueAt !== null) await setTimer(tx, { kind: GUEST_END, key: id, dueAt });
}

/**
 * Removes a guest whose time is over from calls, and deletes them as `soft` does: the name stays for the logs until the
 * row is purged. Anonymous people were never announced, so nothing but their leaving is told.
 */
export const endGuest: DueWork = {
  hold: (tx, { key }) => tx.lock(`user:${key}`),
  async verb(act, { key }) {
    const before = await findUser(act.tx, key as UserId);
    if (!before || before.guest_expires_at === null || before.guest_expires_at > act.now) return;
    if (!isAnonymousId(before.id)) {
      const after = deleted(before, 'soft', act.now);
      await recordChanges(act, 'user.delete', [{ before, after, event: 'user.deleted' }]);
    } else if ((await selectSessions(act.tx, [{ userId: before.id }])).length > 0) {
      act.enforce({ userId: before.id });
    }
  },
};
