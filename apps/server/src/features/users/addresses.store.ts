import type { UserId } from '@callgate/contract';
import { sql } from 'kysely';
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
  db.deleteFrom('user_addresses').where(inList(engine, 'user_id', p('ids'))),
);
const noteActive = prepared<{ user_id: UserId; now: number }, never>((db, p) =>
  db
    .updateTable('users')
    .set({ last_active: p('now') })
    .where('id', '=', p('user_id')),
);
/** Those who are there, held until the transaction ends, always in the same order: nobody deletes them meanwhile. */
const holdPresent = prepared<{ ids: string }, { id: UserId }>((db, p, engine) => {
  const present = db
    .selectFrom('users')
    .select('id')
    .where(inList(engine, 'id', p('ids')))
    .where('deleted_at', 'is', null)
    .orderBy('id');
  return engine === 'postgres' ? present.forNoKeyUpdate() : present;
});
/** An invisible person would be given away by it. */
const noteVisibleActive = prepared<{ ids: string; now: number }, never>((db, p, engine) =>
  db
    .updateTable('users')
    .set({ last_active: p('now') })
    .where(inList(engine, 'id', p('ids')))
    .where('invisible', '=', 0),
);
const seenMany = prepared<{ seen: string; now: number }, never>((db, p, engine) => ({
  compile: () =>
    (engine === 'sqlite'
      ? sql<never>`insert into user_addresses (user_id, address, first_seen_at, last_seen_at)
          select value ->> 'user_id', value ->> 'address', ${p('now')}, ${p('now')} from json_each(${p('seen')})
          where true
          on conflict (user_id, address) do update set last_seen_at = excluded.last_seen_at`
      : sql<never>`insert into user_addresses (user_id, address, first_seen_at, last_seen_at)
          select user_id, address, (${p('now')})::bigint, (${p('now')})::bigint
          from jsonb_to_recordset((${p('seen')})::jsonb) as seen (user_id text, address text)
          order by user_id, address
          on conflict (user_id, address) do update set last_seen_at = excluded.last_seen_at`
    ).compile(db),
}));
const selectSince = prepared<{ user_id: UserId; since: number }, { address: string }>((db, p) =>
  db
    .selectFrom('user_addresses')
    .select('address')
    .where('user_id', '=', p('user_id'))
    .where('last_seen_at', '>=', p('since'))
    .orderBy('last_seen_at', 'desc')
    .orderBy('address'),
);

/** The address as it is remembered; null for one that must not be. */
async function keptAddress(tx: Tx): Promise<(address: string | null) => string | null> {
  const { settings } = await storedApp(tx);
  return (address) => {
    const canonical = address === null ? null : canonicalAddress(address);
    if (canonical === null) return null;
    return settings.ip_bans.include_private || !isPrivateAddress(canonical) ? canonical : null;
  };
}

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
  const kept = (await keptAddress(tx))(address);
  await Promise.all([
    noteActive.all(tx, { user_id: userId, now }),
    dropOld.all(tx, { user_id: userId, before: now - ADDRESS_RETENTION_MS }),
    kept !== null ? seen.all(tx, { user_id: userId, address: kept, now }) : undefined,
  ]);
}

/** Somebody who has an event socket open, and from where; null: not known, or not to count. */
export interface Seen {
  user_id: UserId;
  address: string | null;
}

/**
 * As `rememberAddress`, for people with event sockets, many at once: of those who are invisible only where they are,
 * of those who are deleted nothing.
 */
export async function rememberSeen(tx: Tx, people: readonly Seen[], now: number): Promise<void> {
  if (people.length === 0) return;
  const asked = JSON.stringify([...new Set(people.map(({ user_id }) => user_id))]);
  const present = new Set((await holdPresent.all(tx, { ids: asked })).map(({ id }) => id));
  const kept = await keptAddress(tx);
  const places = new Map<string, Seen>();
  for (const { user_id, address } of people) {
    const where = kept(address);
    if (where !== null && present.has(user_id))
      places.set(`${user_id} ${where}`, { user_id, address: where });
  }
  await Promise.all([
    noteVisibleActive.all(tx, { ids: JSON.stringify([...present]), now }),
    places.size > 0 ? seenMany.all(tx, { seen: JSON.stringify([...places.values()]), now }) : undefined,
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
