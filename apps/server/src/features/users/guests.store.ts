import type { UserId } from '@callgate/contract';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';

/** The span of the quota: one hour in milliseconds. */
const QUOTA_SPAN_MS = 60 * 60 * 1000;
/** Rows of guests stay this long after they ran out, so that logs and bans still show a name: 30 days. */
const EXPIRED_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

const countSince = prepared<{ address: string; since: number }, { made: number; first: number | null }>(
  (db, p) =>
    db
      .selectFrom('guest_starts')
      .select((eb) => [eb.fn.countAll<number>().as('made'), eb.fn.min('created_at').as('first')])
      .where('address', '=', p('address'))
      .where('created_at', '>', p('since')),
);
const insertStart = prepared<{ user_id: UserId; address: string; created_at: number }, never>((db, p) =>
  db
    .insertInto('guest_starts')
    .values({ user_id: p('user_id'), address: p('address'), created_at: p('created_at') }),
);
const dropStarts = prepared<{ before: number; limit: number }, { user_id: UserId }>((db, p) =>
  db
    .deleteFrom('guest_starts')
    .where(
      'user_id',
      'in',
      db
        .selectFrom('guest_starts as old')
        .select('old.user_id')
        .where('old.created_at', '<=', p('before'))
        .orderBy('old.created_at')
        .limit(p('limit')),
    )
    .returning('user_id'),
);
const dropExpired = prepared<{ before: number; limit: number }, { id: UserId }>((db, p) =>
  db
    .deleteFrom('users')
    .where(
      'id',
      'in',
      db
        .selectFrom('users as expired')
        .select('expired.id')
        .where('expired.guest_expires_at', 'is not', null)
        .where('expired.guest_expires_at', '<', p('before'))
        .where((eb) =>
          eb.not(
            eb.exists(
              eb
                .selectFrom('call_members')
                .select('call_members.cid')
                .whereRef('call_members.user_id', '=', 'expired.id'),
            ),
          ),
        )
        .limit(p('limit')),
    )
    .returning('id'),
);

/** How many guests the address made within the last hour, and when the first of them stops counting. */
export async function guestsMade(
  handle: Handle,
  address: string,
  now: number,
): Promise<{ made: number; countsUntil: number }> {
  const found = await countSince.first(handle, { address, since: now - QUOTA_SPAN_MS });
  return { made: found?.made ?? 0, countsUntil: (found?.first ?? now) + QUOTA_SPAN_MS };
}

/** Counts a guest for the address. */
export const countGuest = async (tx: Tx, userId: UserId, address: string, now: number): Promise<void> =>
  void (await insertStart.all(tx, { user_id: userId, address, created_at: now }));

/** Forgets guests that no quota counts any more; resolves with how many. */
export const purgeGuestStarts = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await dropStarts.all(tx, { before: now - QUOTA_SPAN_MS, limit })).length;

/** Drops rows of guests and anonymous people that ran out more than 30 days ago and are no members. */
export const purgeExpired = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await dropExpired.all(tx, { before: now - EXPIRED_RETENTION_MS, limit })).length;
