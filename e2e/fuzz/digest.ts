import { createHash } from 'node:crypto';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import type { Reader } from '@callgate/server/storage/reader.ts';

/**
 * What is no part of the state that a request leaves: places in the audit chain, results of jobs and what tasks come
 * to are filled in later by the server itself.
 */
const LATER: Record<string, readonly string[]> = {
  audit_records: ['seq', 'hash'],
  jobs: ['state', 'result', 'done_at', 'attempts', 'run_at'],
  outbox: ['app_seq'],
  tasks: [
    ...['status', 'done', 'next_position', 'error', 'updated_at', 'attempts', 'run_at'],
    ...['leased_by', 'leased_until', 'fence', 'settled'],
  ],
  task_chunks: ['results'],
};
const NOT_STATE = new Set(['leases', 'migrations', 'task_outputs']);

/** Table -> a digest of its rows. The tables are asked of the database, so that none is forgotten. */
export type Digest = ReadonlyMap<string, string>;

export async function digestOf({ handle }: Reader): Promise<Digest> {
  const listed = await handle.run(rawStatement<{ name: string }>(TABLES[handle.engine]));
  const tables = listed.map(({ name }) => name).filter((name) => !NOT_STATE.has(name));
  const digests = new Map<string, string>();
  for (const table of tables) {
    const rows = await handle.run(rawStatement<Record<string, unknown>>(`select * from ${table}`));
    const lines = rows.map((row) => {
      for (const column of LATER[table] ?? []) delete row[column];
      return JSON.stringify(row);
    });
    digests.set(table, createHash('sha256').update(lines.sort().join('\n')).digest('hex'));
  }
  return digests;
}

const TABLES = {
  sqlite: `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
  postgres: `select tablename as name from pg_tables where schemaname = 'public' order by tablename`,
};

/** The tables in which two digests differ. */
export const changedTables = (before: Digest, after: Digest): string[] =>
  [...after.keys()].filter((table) => before.get(table) !== after.get(table));
