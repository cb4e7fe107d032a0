import type { CompiledQuery } from 'kysely';
import type { Tx } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { State } from './state.ts';

const NOTHING = Promise.resolve();

/** A connection with its transaction commands prepared. */
export interface SqliteSession {
  readonly connection: SqliteConnection;
  readonly begin: () => unknown;
  readonly commit: () => unknown;
  readonly rollback: () => unknown;
}

/** `begin` is `begin immediate` for the writer, `begin deferred` for a reader. */
export function sessionOn(connection: SqliteConnection, begin: string): SqliteSession {
  return {
    connection,
    begin: connection.command(begin),
    commit: connection.command('commit'),
    rollback: connection.command('rollback'),
  };
}

/**
 * One transaction or snapshot. It begins with the first statement. As on PostgreSQL, a statement that failed
 * spoils the whole: what follows is refused with the same error, and it cannot be committed.
 */
export class SqliteHandle implements Tx {
  readonly engine = 'sqlite';
  readonly #session: SqliteSession;
  #began = false;
  #ended = false;
  #failed = false;
  #failure: unknown;
  /** What is seen now; after a statement that can write it is something else. */
  state = new State();
  /** Whether a statement that can change the database was run. */
  wrote = false;

  constructor(session: SqliteSession) {
    this.#session = session;
  }

  run<R>(statement: CompiledQuery<R>): Promise<R[]> {
    try {
      return Promise.resolve(this.#run(statement));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  lock(): Promise<void> {
    return NOTHING;
  }

  /** Commits; throws what spoiled the transaction, if anything did. */
  commit(): void {
    this.#ended = true;
    if (this.#failed) throw this.#failure;
    if (this.#began) this.#session.commit();
  }

  /** Ends the transaction without a trace. */
  rollback(): void {
    this.#ended = true;
    // Some errors (a full disk) make SQLite roll back by itself.
    if (this.#began && this.#session.connection.inTransaction) this.#session.rollback();
  }

  #run<R>(statement: CompiledQuery<R>): R[] {
    if (this.#ended) throw new Error('a statement was run after its transaction had ended');
    if (this.#failed) throw this.#failure;
    try {
      if (!this.#began) {
        this.#session.begin();
        this.#began = true;
      }
      const { connection } = this.#session;
      if (connection.writes(statement)) {
        this.wrote = true;
        this.state = new State();
      }
      return connection.run(statement);
    } catch (error) {
      this.#failed = true;
      this.#failure = error;
      throw error;
    }
  }
}
