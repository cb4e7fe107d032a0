import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Database, Engine, StorageHooks } from './database.ts';
import type { Locations } from './test-locations.ts';
import { postgresLocations } from './test-postgres.ts';
import { sqliteLocations } from './test-sqlite.ts';

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

function engineOf(name: Engine, locations: Locations): TestEngine {
  const create: TestEngine['create'] = async (options) => {
    const location = await locations.make('migrated');
    const database = await locations.open(location, options?.hooks);
    const discard = async () => {
      await database.close();
      await locations.recycle(location);
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
        remove: () => locations.discard(location),
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

function postgresEngines(url: string | undefined): TestEngine[] {
  return url ? [engineOf('postgres', postgresLocations(url))] : [];
}
