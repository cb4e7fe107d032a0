import { existsSync } from 'node:fs';
import type pg from 'pg';
import type { Handle } from './database.ts';
import { assertBindable } from './parameters.ts';
import { neutralError } from './postgres-errors.ts';
import { createPool, parserOf } from './postgres-pool.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** Where a database is: a file of SQLite, or the URL of a PostgreSQL database. */
export type Location = { file: string } | { url: string };

/** Reads a database beside (or without) the server that owns it. Each statement is a snapshot of its own. */
export interface Reader {
  handle: Handle;
  close(): Promise<void>;
}

/** Opens a database for reading only; takes no lock. Throws `StorageUnavailableError` with a sentence. */
export async function openReader(location: Location): Promise<Reader> {
  return 'file' in location ? sqliteReader(location.file) : postgresReader(location.url);
}

function sqliteReader(file: string): Reader {
  if (!existsSync(file)) throw new StorageUnavailableError(`There is no database ${file}.`);
  const connection = new SqliteConnection({ file, readonly: true, cacheKib: 4_096, busyTimeoutMs: 10_000 });
  const handle: Handle = { engine: 'sqlite', run: async (statement) => connection.run(statement) };
  return { handle, close: async () => connection.close() };
}

async function postgresReader(url: string): Promise<Reader> {
  const pool = createPool(url, 1);
  pool.on('error', () => undefined);
  return { handle: readingOn(pool), close: () => pool.end() };
}

/** Statements on a connection (or pool) of PostgreSQL, values as everywhere in Callgate. */
export function readingOn(client: pg.Pool | pg.PoolClient): Handle {
  return {
    engine: 'postgres',
    run: async ({ sql: text, parameters }) => {
      assertBindable(parameters);
      try {
        const query = { text, values: [...parameters], types: { getTypeParser: parserOf } };
        return (await client.query(query)).rows;
      } catch (error) {
        throw neutralError(error);
      }
    },
  };
}
