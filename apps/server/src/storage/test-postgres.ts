import { createHash } from 'node:crypto';
import type pg from 'pg';
import { afterAll } from 'vitest';
import type { StorageHooks } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openPostgres } from './postgres.ts';
import type { Locations } from './test-locations.ts';
import { createDatabase, dropDatabase, nameIn, onServer, urlOf } from './test-servers.ts';

const open = (url: string, hooks: StorageHooks | undefined) =>
  openPostgres(hooks ? { url, hooks, maxConnections: 8 } : { url, maxConnections: 8 });

/**
 * Databases copied from a template by the server and used again: emptying one takes 10 ms, making and dropping
 * one 100 ms and more, because every drop waits for a checkpoint. What is left is dropped when the file is done.
 */
export function postgresLocations(serverUrl: string): Locations {
  const free: string[] = [];
  let template: Promise<string> | undefined;
  const make = async (kind: 'empty' | 'migrated') => {
    const used = kind === 'migrated' ? free.pop() : undefined;
    if (used !== undefined) return used;
    template ??= makeTemplate(serverUrl);
    const source = kind === 'empty' ? 'template0' : await template;
    return createDatabase(serverUrl, source);
  };
  const discard = (url: string) => onServer(serverUrl, (client) => dropDatabase(client, nameIn(url)));
  const recycle = async (url: string) => {
    await onServer(url, empty);
    free.push(url);
  };
  afterAll(async () => {
    for (const url of free.splice(0)) await discard(url);
  });
  return { make, open, discard, recycle };
}

/** Back to what the migrations made: other tables dropped, rows deleted, the rows of the migrations restored. */
async function empty(client: pg.Client): Promise<void> {
  await client.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const { rows } = await client.query<{ name: string; known: boolean }>(
    `select tablename as name, exists (select 1 from pg_tables s where s.schemaname = 'seed' and s.tablename = t.tablename) as known
      from pg_tables t where schemaname = 'public'`,
  );
  const statements = rows.map(({ name, known }) =>
    known ? `delete from public.${name};` : `drop table public.${name} cascade;`,
  );
  const restored = rows
    .filter(({ known }) => known)
    .map(({ name }) => `insert into public.${name} select * from seed.${name};`);
  await client.query(['begin;', ...statements, ...restored, 'commit;'].join('\n'));
}

async function makeTemplate(serverUrl: string): Promise<string> {
  const name = `callgate_seeded_${digestOfMigrations()}`;
  await onServer(serverUrl, async (client) => {
    // Test files run in several processes: the first makes the template, the others wait for it.
    await client.query(`select pg_advisory_lock(hashtextextended('callgate test template', 0))`);
    await dropLeftovers(client);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount) return;
    await dropDatabase(client, `${name}_made`);
    await client.query(`create database ${name}_made template template0`);
    await fillTemplate(urlOf(serverUrl, `${name}_made`));
    await client.query(`alter database ${name}_made rename to ${name}`);
  });
  return name;
}

async function fillTemplate(url: string): Promise<void> {
  const database = await open(url, undefined);
  await migrate(database, 0);
  await database.close();
  await onServer(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select tablename as name from pg_tables where schemaname = 'public'`,
    );
    await client.query('create schema seed');
    for (const { name } of rows) await client.query(`create table seed.${name} as table public.${name}`);
  });
}

/** Databases of test processes that were killed. */
async function dropLeftovers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select datname as name from pg_database where datname like 'callgate\\_test\\_%'`,
  );
  for (const { name } of rows) {
    if (!isAlive(Number(name.split('_')[2]))) await dropDatabase(client, name);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function digestOfMigrations(): string {
  const digest = createHash('sha256');
  for (const { id, statements } of MIGRATIONS) digest.update(id + statements('jsonb', 'postgres').join(';'));
  return digest.digest('hex').slice(0, 12);
}
