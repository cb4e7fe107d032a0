import type { Handle } from '@callgate/server/storage/database.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';

/** PostgreSQL's clock in milliseconds. */
export async function databaseTime(handle: Handle): Promise<number> {
  const [row] = await handle.run(
    rawStatement<{ now: number }>('select extract(epoch from clock_timestamp()) * 1000 as now'),
  );
  if (!row) throw new Error('the database told no time');
  return row.now;
}

/** When the newest migration was applied, in milliseconds: the database's own notion of a past moment. */
export async function newestMigrationAt(handle: Handle): Promise<number | undefined> {
  const [row] = await handle.run(
    rawStatement<{ at: number | null }>('select max(applied_at) as at from migrations'),
  );
  return row?.at ?? undefined;
}

/** PostgreSQL's version as a number (150004 is 15.4) and the encoding of the database. */
export async function postgresFacts(handle: Handle): Promise<{ version: number; encoding: string }> {
  const [row] = await handle.run(
    rawStatement<{ version: string; encoding: string }>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
    ),
  );
  return { version: Number(row?.version ?? 0), encoding: row?.encoding ?? '' };
}
