import type { UserId } from '@callgate/contract';
import { canonicalAddress, isPrivateAddress } from '../../kernel/address.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import { storedApp } from '../app-settings/index.ts';

/** How long an address is remembered after it was last seen: 30 days in milliseconds. */
export const ADDRESS_RETENTION_MS = 30 * 24 * 60 * 60 * 1000;

const seen = prepared<{ user_id: UserId; address: string; now: number }, never>((db, p) =>
  db
    .insertInto('user_addresses')
    .values({
      user_id: p('user_id'),
      address: p('address'),
      first_seen_at: p('now'),
      last_seen_at: p('now'),
    })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'address'])
        .doUpdateSet((eb) => ({ last_seen_at: eb.ref('excluded.last_seen_at') })),
    ),
);
const dropOld = prepared<{ user_id: UserId; before: number }, never>((db, p) =>
  db.deleteFrom('user_addresses').where('user_id', '=', p('user_id')).where('last_seen_at', '<', p('before')),
);
const dropOldest = prepared<{ before: number; limit: number }, { user_id: UserId }>((db, p) =>
  db
    .deleteFrom('user_addresses')
    .where((eb) =>
      eb(
        eb.refTuple('user_id', 'address'),
        'in',
        db
          .selectFrom('user_addresses as old')
          .select(['old.user_id', 'old.address'])
          .where('old.last_seen_at', '<', p('before'))
          .orderBy('old.last_seen_at')
          .limit(p('limit'))
          .$asTuple('user_id', 'address'),
      ),
    )
    .returning('user_id'),
);
const dropOf = prepared<{ ids: string }, never>((db, p, engine) =>
  db.deleteFrom('user_addresses').where('user_id', 'in', inList<UserId>(engine, p('ids'))),
);
const noteActive = prepared<{ user_id: UserId; now: number }, never>((db, p) =>
  db
    .updateTable('users')
    .set({ last_active: p('now') })
    .where('id', '=', p('user_id')),
);
const selectSince = prepared<{ user_id: UserId; since: number }, { address: string }>((db, p) =>
  db
    .selectFrom('user_addresses')
    .select('address')
    .where('user_id', '=', p('user_id'))
    .where('last_seen_at', '>=', p('since'))
    .orderBy('last_seen_at', 'desc')
    .orderBy('address'),
);

/**
 * Notes that the person was there (`last_active`), and from which address, if it may be remembered: loopback and
 * private ones only when `ip_bans.include_private` is on; null (a server token, an unnamed proxy) never. Drops
 * what was not seen for 30 days.
 */
export async function rememberAddress(
  tx: Tx,
  userId: UserId,
  address: string | null,
  now: number,
): Promise<void> {
  const { settings } = await storedApp(tx);
  const canonical = address === null ? null : canonicalAddress(address);
  const isKept = canonical !== null && (settings.ip_bans.include_private || !isPrivateAddress(canonical));
  await Promise.all([
    noteActive.all(tx, { user_id: userId, now }),
    dropOld.all(tx, { user_id: userId, before: now - ADDRESS_RETENTION_MS }),
    isKept ? seen.all(tx, { user_id: userId, address: canonical, now }) : undefined,
  ]);
}

/** Canonical addresses that the person was seen from at `since` (milliseconds) or later, the latest first. */
export const addressesOf = async (handle: Handle, userId: UserId, since: number): Promise<string[]> =>
  (await selectSince.all(handle, { user_id: userId, since })).map((row) => row.address);

/** Forgets where these people were. */
export async function forgetAddresses(tx: Tx, ids: readonly UserId[]): Promise<void> {
  await dropOf.all(tx, { ids: JSON.stringify(ids) });
}

/** Forgets addresses that were not seen for 30 days, whoever they are of; resolves with how many. */
export const purgeAddresses = async (tx: Tx, now: number, limit: number): Promise<number> =>
  (await dropOldest.all(tx, { before: now - ADDRESS_RETENTION_MS, limit })).length;
