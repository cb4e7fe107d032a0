import Sqlite from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';
import { assertBindable } from './parameters.ts';
import { statementNameOf } from './prepared.ts';
import { ConstraintError, type ConstraintKind, ReadOnlySnapshotError } from './storage-errors.ts';

/** Dynamic statements kept per generation; at most twice as many are prepared at once. */
const CACHE_GENERATION = 128;

export interface SqliteConnectionOptions {
  file: string;
  readonly?: boolean;
  /** Page cache in KiB. */
  cacheKib: number;
  /** How long a statement may block on a lock held by another connection, in milliseconds. */
  busyTimeoutMs: number;
}

/**
 * One connection and its prepared statements. Statements declared with `prepared` are kept for good; others
 * live in a cache of two generations (cheaper per hit than a strict least-recently-used list).
 */
export class SqliteConnection {
  readonly #db: Sqlite.Database;
  readonly #named = new Map<string, Sqlite.Statement>();
  #young = new Map<string, Sqlite.Statement>();
  #old = new Map<string, Sqlite.Statement>();

  constructor(options: SqliteConnectionOptions) {
    const readonly = options.readonly ?? false;
    this.#db = new Sqlite(options.file, { readonly, timeout: options.busyTimeoutMs });
    this.#db.pragma(`cache_size = -${options.cacheKib}`);
    this.#db.pragma('temp_store = memory');
    this.#db.pragma('trusted_schema = off');
    this.#db.pragma('foreign_keys = on');
    if (readonly) this.#db.pragma('query_only = on');
  }

  /** Runs one statement and returns its rows; throws the neutral errors of storage-errors.ts. */
  run<R>(statement: CompiledQuery<R>): R[] {
    assertBindable(statement.parameters);
    try {
      const prepared = this.#prepare(statement);
      if (prepared.reader) return prepared.all(statement.parameters) as R[];
      prepared.run(statement.parameters);
      return [];
    } catch (error) {
      throw neutralError(error);
    }
  }

  /** Whether the statement can change the database. */
  writes(statement: CompiledQuery<unknown>): boolean {
    return !this.#prepare(statement).readonly;
  }

  /** Runs plain text without results (begin, commit). Prepare such texts with `command` when they are hot. */
  exec(text: string): void {
    this.#db.exec(text);
  }

  /** A parameterless statement that is run again and again. */
  command(text: string): () => unknown {
    const statement = this.#db.prepare(text);
    return statement.reader ? () => statement.get() : () => statement.run();
  }

  pragma(text: string): unknown {
    return this.#db.pragma(text);
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction;
  }

  /** Prepared statements held now. */
  get cachedStatements(): number {
    return this.#named.size + this.#young.size + this.#old.size;
  }

  close(): void {
    this.#db.close();
  }

  #prepare(statement: CompiledQuery<unknown>): Sqlite.Statement {
    const text = statement.sql;
    const known = this.#named.get(text) ?? this.#young.get(text);
    if (known !== undefined) return known;
    const prepared = this.#old.get(text) ?? this.#db.prepare(text);
    if (statementNameOf(statement) === undefined) this.#remember(text, prepared);
    else this.#named.set(text, prepared);
    return prepared;
  }

  #remember(text: string, prepared: Sqlite.Statement): void {
    if (this.#young.size >= CACHE_GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, prepared);
  }
}

const CONSTRAINTS: Record<string, ConstraintKind> = {
  SQLITE_CONSTRAINT_UNIQUE: 'unique',
  SQLITE_CONSTRAINT_PRIMARYKEY: 'unique',
  SQLITE_CONSTRAINT_ROWID: 'unique',
  SQLITE_CONSTRAINT_FOREIGNKEY: 'foreign_key',
  SQLITE_CONSTRAINT_NOTNULL: 'not_null',
  SQLITE_CONSTRAINT_CHECK: 'check',
};

function neutralError(error: unknown): unknown {
  if (!(error instanceof Sqlite.SqliteError)) return error;
  const constraint = CONSTRAINTS[error.code];
  if (constraint !== undefined) return new ConstraintError(constraint, error.message, error);
  if (error.code.startsWith('SQLITE_READONLY')) {
    return new ReadOnlySnapshotError('a read cannot write: use Database.write', { cause: error });
  }
  return error;
}
