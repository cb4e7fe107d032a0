import type { CompiledQuery } from 'kysely';
import type { State } from './state.ts';

/** `sqlite`: one process, one folder. `postgres`: `DATABASE_URL`. */
export type Engine = 'sqlite' | 'postgres';

/**
 * Somewhere statements run: a snapshot (`Database.read`) or a transaction (`Tx`).
 * Stores take a handle as their first parameter and never see the database itself.
 */
export interface Handle {
  readonly engine: Engine;
  /**
   * Stands for what is seen here: as long as it is the same object, the same rows are. On SQLite all reads between
   * two commits share one. A transaction has one of its own, another one after each statement that may write and after
   * each lock. Absent where nobody knows.
   */
  readonly state?: State;
  /**
   * Runs one statement and returns its rows (`[]` for a write without `returning`).
   * JSON columns come back as text, BIGINT as number, on both engines.
   * Statements issued without awaiting between them are pipelined on PostgreSQL.
   */
  run<R>(statement: CompiledQuery<R>): Promise<R[]>;
}

/** An open transaction. READ COMMITTED on PostgreSQL, the single writer on SQLite. */
export interface Tx extends Handle {
  /**
   * Holds the named subjects until the transaction ends, in sorted order, so that acts on one subject
   * happen one after another. Call it before reading what the act decides on.
   * On SQLite nothing is needed: there is one writer.
   */
  lock(...subjects: Subject[]): Promise<void>;
}

/**
 * What an act can hold: `user:<id>`, `call:<cid>`, `pair:<cid>/<user id>`, or one of the application-wide
 * tables (`app`, `roles`, `ip-bans`, `admins`), `call-type:<name>`, `idempotency:<key>`, `address:<canonical address>`.
 */
export type Subject =
  | `user:${string}`
  | `call:${string}`
  | `pair:${string}/${string}`
  | `call-type:${string}`
  | `idempotency:${string}`
  | `address:${string}`
  | 'app'
  | 'roles'
  | 'ip-bans'
  | 'admins';

/** What tests may hang onto, by name; absent in production. Awaited at each point. */
export interface StorageHooks {
  /** `before-commit`, `after-commit`, `before-fsync`, `after-fsync`. */
  at(point: StoragePoint): void | Promise<void>;
}
export type StoragePoint = 'before-commit' | 'after-commit' | 'before-fsync' | 'after-fsync';

/** The store of everything: one implementation per engine, one contract suite (`database.suite.ts`). */
export interface Database {
  readonly engine: Engine;
  /** One consistent snapshot for all statements of `work`. Writing in it is an error. */
  read<T>(work: (snapshot: Handle) => Promise<T>): Promise<T>;
  /**
   * One transaction. Resolves after the commit **is on disk**; when `work` throws, everything is rolled
   * back and the error is rethrown; when the disk refuses, rejects with `StorageFailedError` and from
   * then on every write is refused until the process restarts. A `work` that wrote nothing still waits for
   * earlier commits to be on disk, because it may have answered from them.
   * `work` does no I/O but the database's.
   */
  write<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Reads many rows without holding up anybody: the main thread only hands batches over (on SQLite a worker
   * with its own connection reads them). `batchAfter` builds the next statement from the last row of the batch
   * before (`undefined` at the start): `where key > last.key order by key limit n`. Ends at the first empty
   * batch. The next batch is read when the consumer asks for it. Each batch is a snapshot of its own: rows
   * written during the scan may or may not be met, rows present throughout are met once.
   */
  scan<R>(batchAfter: (last: R | undefined) => CompiledQuery<R>): AsyncIterable<R[]>;
  /** Fails with a sentence when the store cannot be read or written now. For `/readyz`. */
  check(): Promise<void>;
  /** Bytes on disk, pending commits and the like, for `/metrics`. */
  stats(): Record<string, number>;
  /** Waits for running work, checkpoints, closes. */
  close(): Promise<void>;
}

/** The disk refused: nothing after the last acknowledged commit may be trusted. The process must restart. */
export class StorageFailedError extends Error {
  override name = 'StorageFailedError';
}
