import type { Handle } from './database.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { SqliteHandle, type SqliteSession, sessionOn } from './sqlite-handle.ts';
import { Turns } from './turns.ts';

/**
 * Read-only connections for interactive reads. Statements are synchronous and a `read` mostly finishes within
 * the event that started it, so one connection serves nearly everything; the others are opened when reads
 * overlap, because a snapshot belongs to a connection.
 */
export class Snapshots {
  readonly #file: string;
  readonly #free: SqliteSession[] = [];
  readonly #all: SqliteConnection[] = [];
  readonly turns: Turns;

  constructor(file: string, limits: { connections: number; maxWaitMs: number; maxWaiting: number }) {
    this.#file = file;
    const { connections: holders, maxWaitMs, maxWaiting } = limits;
    this.turns = new Turns({ name: 'a connection to read', holders, maxWaitMs, maxWaiting });
  }

  async read<T>(work: (snapshot: Handle) => Promise<T>): Promise<T> {
    if (!this.turns.tryTake()) await this.turns.take();
    let session: SqliteSession | undefined;
    let handle: SqliteHandle | undefined;
    try {
      session = this.#free.pop() ?? this.#open();
      handle = new SqliteHandle(session);
      return await work(handle);
    } finally {
      handle?.rollback();
      if (session) this.#free.push(session);
      this.turns.release();
    }
  }

  /** Prepared statements held by all connections. */
  get cachedStatements(): number {
    return this.#all.reduce((sum, connection) => sum + connection.cachedStatements, 0);
  }

  async close(): Promise<void> {
    await this.turns.whenIdle();
    for (const connection of this.#all) connection.close();
  }

  #open(): SqliteSession {
    const connection = new SqliteConnection({
      file: this.#file,
      readonly: true,
      cacheKib: 8_192,
      busyTimeoutMs: 1_000,
    });
    this.#all.push(connection);
    return sessionOn(connection, 'begin deferred');
  }
}
