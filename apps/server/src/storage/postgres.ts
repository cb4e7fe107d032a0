import { setTimeout as pause } from 'node:timers/promises';
import type { CompiledQuery } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Database, Handle, StorageHooks, Tx } from './database.ts';
import { PostgresConnection } from './postgres-connection.ts';
import { isConnectionLost, isRetryable, isStalePlan } from './postgres-errors.ts';
import { BEGIN_READ, BEGIN_WRITE, PostgresHandle } from './postgres-handle.ts';
import { createPool, parserOf, requireUsableServer, takeConnection } from './postgres-pool.ts';
import { SharedSnapshots, type Snapshot } from './postgres-snapshots.ts';
import { rawStatement } from './prepared.ts';
import { StorageUnavailableError } from './storage-errors.ts';
import { scanBatches } from './worker-reads.ts';

/** How often a transaction is run at most when PostgreSQL breaks a deadlock by undoing it. */
const MAX_ATTEMPTS = 5;
/** How often it is run at most when its connection was lost. */
const MAX_CONNECTIONS_LOST = 3;
/** The pause before the next attempt is random, up to this times the attempt's number, in milliseconds. */
const RETRY_PAUSE_MS = 20;

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`. Never printed. */
  url: string;
  /** Test hooks; absent in production. */
  hooks?: StorageHooks;
  /** Connections at most. (Default: 16) */
  maxConnections?: number;
}

/**
 * Opens the server store. Throws `StorageUnavailableError` with a sentence when the server cannot be reached or
 * cannot be used.
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const pool = createPool(options.url, options.maxConnections ?? 16);
  const database = new PostgresDatabase(pool, options.hooks);
  try {
    await requireUsableServer(pool);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

class PostgresDatabase implements Database {
  readonly engine = 'postgres';
  readonly #pool: Pool;
  readonly #hooks: StorageHooks | undefined;
  readonly #snapshots: SharedSnapshots;
  readonly #connections = new WeakMap<PoolClient, PostgresConnection>();
  #closing: Promise<void> | undefined;
  #commits = 0;
  #retries = 0;
  #lostConnections = 0;

  constructor(pool: Pool, hooks: StorageHooks | undefined) {
    this.#pool = pool;
    this.#hooks = hooks;
    const begin = (client: PoolClient) => new PostgresHandle(this.#connectionOf(client), BEGIN_READ);
    this.#snapshots = new SharedSnapshots(pool, begin);
    // A connection that broke while idle is replaced by the pool; whoever uses one gets the error itself.
    pool.on('error', () => {
      this.#lostConnections++;
    });
  }

  async read<T>(work: (snapshot: Handle) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const place = await this.#snapshots.join(attempt > 1);
      const { handle } = place.snapshot;
      // One that fails spoils the snapshot for all that share it: each is run again alone.
      const isSpoiled = (): boolean => place.isShared && handle.failure !== undefined;
      try {
        const result = await work(place.handle);
        if (!isSpoiled()) return result;
      } catch (error) {
        if (!isSpoiled() && !mayRunAgain(handle, attempt)) throw error;
      } finally {
        if (place.end()) await this.#endSnapshot(place.snapshot);
      }
    }
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await this.#writeWithRetries(work);
    if (this.#hooks) await this.#hooks.at('after-commit');
    return result;
  }

  scan<R>(batchAfter: (last: R | undefined) => CompiledQuery<R>): AsyncIterable<R[]> {
    return scanBatches(batchAfter, (statement) => this.read((snapshot) => snapshot.run(statement)));
  }

  async check(): Promise<void> {
    const [state] = await this.read((snapshot) =>
      snapshot.run(rawStatement<{ standby: number }>('select pg_is_in_recovery() as standby')),
    );
    if (state?.standby) throw new StorageUnavailableError('PostgreSQL is a standby and takes no writes.');
  }

  stats(): Record<string, number> {
    return {
      commits: this.#commits,
      retries: this.#retries,
      connections: this.#pool.totalCount,
      connections_idle: this.#pool.idleCount,
      connections_waited_for: this.#pool.waitingCount,
      connections_lost: this.#lostConnections,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#pool.end();
    return this.#closing;
  }

  async #writeWithRetries<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const client = await takeConnection(this.#pool);
      const handle = new PostgresHandle(this.#connectionOf(client), BEGIN_WRITE);
      try {
        const result = await this.#commit(handle, work);
        client.release();
        return result;
      } catch (error) {
        await this.#giveUp(client, handle);
        if (!mayRunAgain(handle, attempt)) throw error;
      }
      this.#retries++;
      await pause(Math.random() * RETRY_PAUSE_MS * attempt);
    }
  }

  async #commit<T>(handle: PostgresHandle, work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await work(handle);
    if (this.#hooks) await this.#hooks.at('before-commit');
    await handle.commit();
    this.#commits++;
    return result;
  }

  #connectionOf(client: PoolClient): PostgresConnection {
    let connection = this.#connections.get(client);
    if (connection === undefined) {
      connection = new PostgresConnection(client, parserOf);
      this.#connections.set(client, connection);
    }
    return connection;
  }

  async #endSnapshot({ client, handle }: Snapshot): Promise<void> {
    if (handle.failure !== undefined) return this.#giveUp(client, handle);
    // Not awaited: a snapshot's end cannot fail in a way that matters, and what follows queues up behind it.
    void handle.rollback().catch(() => undefined);
    client.release();
  }

  /** Rolls back and hands the connection back, or drops it when it is broken or holds stale plans. */
  async #giveUp(client: PoolClient, handle: PostgresHandle): Promise<void> {
    if (handle.failure instanceof StorageUnavailableError) {
      client.release(true);
      return;
    }
    try {
      await handle.rollback();
      client.release(isStalePlan(handle.failure));
    } catch {
      client.release(true);
    }
  }
}

/**
 * Whether the same work may be run once more: PostgreSQL undid it and asks for that, or the connection, dead
 * unnoticed while it was idle, was lost before anything could be committed.
 */
function mayRunAgain({ failure, isCommitSent }: PostgresHandle, attempt: number): boolean {
  if (isRetryable(failure)) return attempt < MAX_ATTEMPTS;
  return isConnectionLost(failure) && !isCommitSent && attempt < MAX_CONNECTIONS_LOST;
}
