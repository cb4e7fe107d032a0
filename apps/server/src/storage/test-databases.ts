import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Database, Engine, StorageHooks } from './database.ts';
import { migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite, SQLITE_FILE } from './sqlite.ts';

/*
 * Test support: fresh, migrated databases of every engine there is. PostgreSQL joins when
 * CALLGATE_TEST_POSTGRES_URL names a server on which databases may be created.
 */

/** A database of a test's own. */
export interface TestDatabase {
  database: Database;
  /** SQLite: the data folder. PostgreSQL: the URL of the database. */
  location: string;
  /** Closes the database and removes it. */
  discard(): Promise<void>;
}

export interface TestEngine {
  name: Engine;
  /** A fresh database with the current schema; whoever calls discards it. */
  create(options?: { hooks?: StorageHooks }): Promise<TestDatabase>;
  /** A fresh, empty location, no schema; `open` may be called again after `close`. */
  createEmpty(): Promise<{ location: string; open(): Promise<Database>; remove(): Promise<void> }>;
  /**
   * For `describe` blocks: returns at once a stand-in that is a fresh database in each test (`per: 'test'`, the
   * default) or one for the whole block (`per: 'block'`), discarded afterwards.
   */
  open(options?: { per?: 'test' | 'block'; hooks?: StorageHooks }): Database;
}

/** When migrated tables are needed: `for (const engine of testEngines) describe(engine.name, ...)`. */
export const testEngines: readonly TestEngine[] = [
  engineOf('sqlite', sqliteLocations()),
  ...postgresEngines(process.env.CALLGATE_TEST_POSTGRES_URL),
];

interface Locations {
  make(kind: 'empty' | 'migrated'): Promise<string>;
  open(location: string, hooks: StorageHooks | undefined): Promise<Database>;
  remove(location: string): Promise<void>;
}

function engineOf(name: Engine, locations: Locations): TestEngine {
  const create: TestEngine['create'] = async (options) => {
    const location = await locations.make('migrated');
    const database = await locations.open(location, options?.hooks);
    const discard = async () => {
      await database.close();
      await locations.remove(location);
    };
    return { database, location, discard };
  };
  return {
    name,
    create,
    createEmpty: async () => {
      const location = await locations.make('empty');
      return {
        location,
        open: () => locations.open(location, undefined),
        remove: () => locations.remove(location),
      };
    },
    open: (options) => standIn(name, () => create(options), options?.per ?? 'test'),
  };
}

/** A `Database` that hands every call to the database of the running test. */
function standIn(engine: Engine, create: () => Promise<TestDatabase>, per: 'test' | 'block'): Database {
  let current: TestDatabase | undefined;
  const start = async () => {
    current = await create();
  };
  const stop = async () => {
    await current?.discard();
    current = undefined;
  };
  if (per === 'test') {
    beforeEach(start);
    afterEach(stop);
  } else {
    beforeAll(start);
    afterAll(stop);
  }
  const now = (): Database => {
    if (current === undefined) throw new Error('the test database is there only while a test runs');
    return current.database;
  };
  return {
    engine,
    read: (work) => now().read(work),
    write: (work) => now().write(work),
    scan: (batchAfter) => now().scan(batchAfter),
    check: () => now().check(),
    stats: () => now().stats(),
    close: () => now().close(),
  };
}

/** One migrated file per process, copied for each database: 1 ms instead of 15. */
function sqliteLocations(): Locations {
  const open = (folder: string, hooks: StorageHooks | undefined) =>
    openSqlite(hooks ? { folder, hooks } : { folder });
  const remove = async (folder: string) => rmSync(folder, { recursive: true, force: true });
  const makeFolder = () => mkdtempSync(join(tmpdir(), 'callgate-test-'));
  let template: Promise<string> | undefined;
  const makeTemplate = async () => {
    const folder = makeFolder();
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    const database = await open(folder, undefined);
    await migrate(database, 0);
    await database.close();
    return join(folder, SQLITE_FILE);
  };
  const make = async (kind: 'empty' | 'migrated') => {
    const folder = makeFolder();
    if (kind === 'empty') return folder;
    template ??= makeTemplate();
    copyFileSync(await template, join(folder, SQLITE_FILE));
    return folder;
  };
  return { make, open, remove };
}

function postgresEngines(url: string | undefined): TestEngine[] {
  return url ? [engineOf('postgres', postgresLocations(url))] : [];
}

/** A template database per state of the migrations, copied by the server for each database. */
function postgresLocations(serverUrl: string): Locations {
  let template: Promise<string> | undefined;
  const open = (url: string, hooks: StorageHooks | undefined) =>
    openPostgres(hooks ? { url, hooks, maxConnections: 8 } : { url, maxConnections: 8 });
  const make = async (kind: 'empty' | 'migrated') => {
    const name = `callgate_test_${process.pid}_${randomBytes(6).toString('hex')}`;
    template ??= makePostgresTemplate(serverUrl, open);
    const source = kind === 'empty' ? 'template0' : await template;
    await onServer(serverUrl, (client) => client.query(`create database ${name} template ${source}`));
    return urlOf(serverUrl, name);
  };
  const remove = (url: string) =>
    onServer(serverUrl, (client) =>
      client.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`),
    );
  return { make, open, remove };
}

async function makePostgresTemplate(
  serverUrl: string,
  open: (url: string, hooks: undefined) => Promise<Database>,
): Promise<string> {
  const name = `callgate_template_${digestOfMigrations()}`;
  await onServer(serverUrl, async (client) => {
    // Test files run in several processes: the first makes the template, the others wait for it.
    await client.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [name]);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    if (rowCount) return;
    await client.query(`drop database if exists ${name}_made with (force)`);
    await client.query(`create database ${name}_made template template0`);
    const database = await open(urlOf(serverUrl, `${name}_made`), undefined);
    await migrate(database, 0);
    await database.close();
    await client.query(`alter database ${name}_made rename to ${name}`);
  });
  return name;
}

function digestOfMigrations(): string {
  const digest = createHash('sha256');
  for (const { id, statements } of MIGRATIONS) digest.update(id + statements('jsonb', 'postgres').join(';'));
  return digest.digest('hex').slice(0, 12);
}

const urlOf = (serverUrl: string, name: string): string => {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
};

async function onServer(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
