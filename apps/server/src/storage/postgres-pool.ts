import pg from 'pg';
import { neutralError } from './postgres-errors.ts';
import { StorageBusyError, StorageUnavailableError } from './storage-errors.ts';

/** Longest run of one statement, waits for locks included, in milliseconds. */
const STATEMENT_TIMEOUT_MS = 30_000;
/** Longest wait for one lock, in milliseconds. */
const LOCK_TIMEOUT_MS = 10_000;
/** A server that says nothing for so long (milliseconds) is taken for gone, and the connection is cut. */
const SILENCE_TIMEOUT_MS = 45_000;
/** Longest wait for a connection, new or free, in milliseconds. */
const CONNECTION_TIMEOUT_MS = 10_000;
/** Most that wait for a connection. */
const MAX_WAITING = 20_000;
/** The oldest PostgreSQL that the suite runs on. */
const OLDEST_VERSION = 150_000;

const NUMBER_OIDS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701, 1700]);
const BOOLEAN_OID = 16;
const asText = (text: string): string => text;
const asFlag = (text: string): number => (text === 't' ? 1 : 0);

/** As SQLite answers: numbers for every numeric type, 0 and 1 for booleans, text for JSON and the rest. */
export function parserOf(oid: number): (text: string) => unknown {
  if (NUMBER_OIDS.has(oid)) return Number;
  return oid === BOOLEAN_OID ? asFlag : asText;
}

/** A pool whose every wait is bounded. */
export function createPool(url: string, maxConnections: number): pg.Pool {
  return new pg.Pool({
    connectionString: url,
    max: maxConnections,
    application_name: 'callgate',
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    query_timeout: SILENCE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 60_000,
    onConnect: prepareSession,
  });
}

/**
 * For our sessions alone: a server set to acknowledge before its disk does would break our promise. Statements keep
 * the plan of their first executions, when tables may have been small: one that reads a whole table then is chosen
 * where there is no other way alone (and must not be compiled because of the price that says so).
 */
async function prepareSession(client: pg.ClientBase): Promise<void> {
  await client.query(
    `select set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),
      case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end`,
  );
}

/** A connection for one transaction; rejects with `StorageBusyError` or `StorageUnavailableError`. */
export async function takeConnection(pool: pg.Pool): Promise<pg.PoolClient> {
  if (pool.ending) throw new StorageUnavailableError('the store is closed');
  if (pool.waitingCount >= MAX_WAITING) throw new StorageBusyError('too many wait for a connection');
  try {
    return await pool.connect();
  } catch (error) {
    if (pool.totalCount > 0 && (error as Error).message === 'timeout exceeded when trying to connect') {
      throw new StorageBusyError(`waited ${CONNECTION_TIMEOUT_MS} ms for a connection`, { cause: error });
    }
    throw neutralError(error);
  }
}

/** Refuses, with a sentence, a server that we cannot work with. */
export async function requireUsableServer(pool: pg.Pool): Promise<void> {
  const client = await takeConnection(pool);
  try {
    const { rows } = await client.query<{ version: string; encoding: string }>(
      `select current_setting('server_version_num') as version, current_setting('server_encoding') as encoding`,
    );
    const { version = '0', encoding = '' } = rows[0] ?? {};
    if (Number(version) < OLDEST_VERSION) {
      throw new StorageUnavailableError(`PostgreSQL 15 or newer is needed; the server is ${version}.`);
    }
    if (encoding !== 'UTF8') {
      throw new StorageUnavailableError(`The database's encoding is ${encoding}; create it with UTF8.`);
    }
  } finally {
    client.release();
  }
}
