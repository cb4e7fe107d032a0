import type { Database } from '@callgate/server/storage/database.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';

/** A prime: `n * 7919 % PRIME` is another number for each n below it, so that ids come in no order. */
const PRIME = 1_000_003;
const AT_ONCE = 5_000;

/** The name that goes with a number, for people and for their bans. */
export const scattered = (n: number): number => (n * 7_919) % PRIME;

/** The `n`th banned prefix as it is stored: IPv4 addresses and IPv6 /64 in turn. */
export function bannedPrefix(n: number): string {
  const half = Math.floor(n / 2);
  const [high, low] = [Math.floor(half / 256), half % 256];
  return n % 2 === 0
    ? `203.${Math.floor(high / 256)}.${high % 256}.${low}/32`
    : `2001:db8:${(half + 1).toString(16)}::/64`;
}

/** An address in the `n`th prefix. */
export const addressIn = (n: number): string =>
  n % 2 === 0 ? bannedPrefix(n).slice(0, -3) : bannedPrefix(n).replace('::/64', '::7');

/** Somebody who is not banned. */
export const stranger = (n: number): string => `stranger-${n}`;

/** Rows of users with the ids that the expression makes of `n` from 1 to `count`. */
const insertUsers = (id: string, count: number): string =>
  `with recursive numbers(n) as (
    select cast(0 as bigint) union all select n + 1 from numbers where n < ${count})
  insert into users (id, role, custom, teams, language, invisible, created_at, updated_at)
  select ${id}, 'user', '{}', '[]', '', 0, n, n from numbers`;

/** Fills the tables as that many bans of people and of prefixes would, with the people and some strangers. */
export async function fillBans(
  database: Database,
  { bans, prefixes, strangers }: { bans: number; prefixes: number; strangers: number },
): Promise<void> {
  for (const statement of [
    insertUsers(`'person-' || (n * 7919 % ${PRIME})`, bans),
    insertUsers(`'stranger-' || n`, strangers),
  ])
    await database.write((tx) => tx.run(rawStatement(statement)));
  await database.write((tx) =>
    tx.run(
      rawStatement(
        `with recursive numbers(n) as (
          select cast(1 as bigint) union all select n + 1 from numbers where n < ${bans})
        insert into bans (id, target_user_id, cid, reason, ip_ban, shadow, created_at)
        select 'ban-' || (n * 7919 % ${PRIME}), 'person-' || (n * 7919 % ${PRIME}), '', 'bench', 0, 0, n
        from numbers`,
      ),
    ),
  );
  const insert =
    database.engine === 'sqlite'
      ? `insert into ip_bans (ban_id, prefix) select value ->> 'ban', value ->> 'prefix' from json_each(?)`
      : `insert into ip_bans (ban_id, prefix) select ban, prefix
         from jsonb_to_recordset($1::jsonb) as r(ban text, prefix text)`;
  for (let first = 0; first < prefixes; first += AT_ONCE) {
    const rows = Array.from({ length: Math.min(AT_ONCE, prefixes - first) }, (_, index) => ({
      ban: `ban-${scattered(1 + ((first + index) % bans))}`,
      prefix: bannedPrefix(first + index),
    }));
    await database.write((tx) => tx.run(rawStatement(insert, [JSON.stringify(rows)])));
  }
  if (database.engine === 'postgres') await database.write((tx) => tx.run(rawStatement('analyze')));
}
