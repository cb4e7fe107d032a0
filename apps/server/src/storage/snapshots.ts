import type { CompiledQuery } from 'kysely';
import { type SharedSnapshot, SnapshotHandle } from './snapshot-handle.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { type SqliteSession, sessionOn } from './sqlite-handle.ts';
import { State } from './state.ts';
import { Turns } from './turns.ts';

interface ReadSession extends SqliteSession {
  /** Reads something: a deferred transaction sees the state of its first read. */
  readonly look: () => unknown;
}

/**
 * Read-only connections for interactive reads, and the states that they show.
 *
 * All writes of the folder go through one writer in this process, so between two of its commits every read sees the
 * same state: such reads share one snapshot, and what is remembered of a state (`remembered`) holds for all of them.
 * A snapshot takes a connection with its first statement and gives it back with its last reader; a read that is
 * answered from memory needs none. Before a commit `keep` makes the snapshot real for those who are still reading,
 * after it `renew` starts the next state.
 */
export class Snapshots {
  readonly #file: string;
  readonly #free: ReadSession[] = [];
  readonly #all: SqliteConnection[] = [];
  readonly turns: Turns;
  #current: Shared | undefined;

  constructor(file: string, limits: { connections: number; maxWaitMs: number; maxWaiting: number }) {
    this.#file = file;
    const { connections: holders, maxWaitMs, maxWaiting } = limits;
    this.turns = new Turns({ name: 'a connection to read', holders, maxWaitMs, maxWaiting });
  }

  async read<T>(work: (snapshot: SnapshotHandle) => Promise<T>): Promise<T> {
    const shared = this.#join() ?? (await this.#joinLater());
    const handle = new SnapshotHandle(shared);
    try {
      return await work(handle);
    } finally {
      handle.end();
      this.#leave(shared);
    }
  }

  /** To be called before a commit: those who read now go on seeing what was there before. */
  keep(): void {
    if (this.#current !== undefined && this.#current.readers > 0) this.#current.settle();
  }

  /** To be called after a commit, never without `keep` before it: the next reads see what is there now. */
  renew(): void {
    this.#current = undefined;
  }

  /** Prepared statements held by all connections. */
  get cachedStatements(): number {
    return this.#all.reduce((sum, connection) => sum + connection.cachedStatements, 0);
  }

  async close(): Promise<void> {
    await this.turns.whenIdle();
    for (const connection of this.#all) connection.close();
  }

  /** A snapshot that somebody reads holds one turn, whatever the number of its readers. */
  #join(): Shared | undefined {
    const current = this.#current;
    if ((current === undefined || current.readers === 0) && !this.turns.tryTake()) return undefined;
    const joined = current ?? this.#begin();
    joined.readers++;
    return joined;
  }

  async #joinLater(): Promise<Shared> {
    await this.turns.take();
    const current = this.#current;
    // Meanwhile somebody else may have taken a turn for the same state.
    if (current !== undefined && current.readers > 0) this.turns.release();
    const joined = current ?? this.#begin();
    joined.readers++;
    return joined;
  }

  #begin(): Shared {
    this.#current = new Shared(() => this.#free.pop() ?? this.#open());
    return this.#current;
  }

  #leave(shared: Shared): void {
    shared.readers--;
    if (shared.readers > 0) return;
    const session = shared.end();
    if (session !== undefined) this.#free.push(session);
    this.turns.release();
  }

  #open(): ReadSession {
    const connection = new SqliteConnection({
      file: this.#file,
      readonly: true,
      cacheKib: 8_192,
      busyTimeoutMs: 1_000,
    });
    this.#all.push(connection);
    const look = connection.command('select 1 from sqlite_schema limit 1');
    return { ...sessionOn(connection, 'begin deferred'), look };
  }
}

/** One state of the database, for as many as read it. */
class Shared implements SharedSnapshot {
  readonly state = new State();
  readers = 0;
  readonly #take: () => ReadSession;
  #session: ReadSession | undefined;

  constructor(take: () => ReadSession) {
    this.#take = take;
  }

  run<R>(statement: CompiledQuery<R>): R[] {
    const { connection } = this.#session ?? this.#begin();
    // SQLite ends a transaction by itself after some errors; what follows would show another state.
    if (!connection.inTransaction) throw new Error('the snapshot was lost after an earlier error');
    return connection.run(statement);
  }

  /** Makes the snapshot see this state and no later one, before there is a later one. */
  settle(): void {
    if (this.#session === undefined) this.#begin().look();
  }

  /** Ends the snapshot; it begins anew when somebody reads the same state again. */
  end(): ReadSession | undefined {
    const session = this.#session;
    this.#session = undefined;
    if (session?.connection.inTransaction) session.rollback();
    return session;
  }

  #begin(): ReadSession {
    this.#session = this.#take();
    this.#session.begin();
    return this.#session;
  }
}
