import { hash } from 'node:crypto';
import type { CompiledQuery } from 'kysely';
import type { Subject, Tx } from './database.ts';
import { STATEMENT_WITHOUT_LIMIT } from './migration.ts';
import { assertBindable } from './parameters.ts';
import type { Answer, PostgresConnection, Query } from './postgres-connection.ts';
import { neutralError } from './postgres-errors.ts';
import { type NamedStatement, rawStatement, statementNameOf } from './prepared.ts';
import { State } from './state.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** How a transaction begins; named, so that each connection parses it once. */
export const BEGIN_WRITE: Query = {
  name: 'cg_begin_write',
  text: 'begin isolation level read committed read write',
};
export const BEGIN_READ: Query = {
  name: 'cg_begin_read',
  text: 'begin isolation level repeatable read read only',
};
const COMMIT: Query = { name: 'cg_commit', text: 'commit' };
const ROLLBACK: Query = { name: 'cg_rollback', text: 'rollback', leads: true };

/** Taken one by one in the order given: the inner query is fenced by `offset 0`, the outer calls per row. */
const LOCK_ALL = `select pg_advisory_xact_lock(key) from (
  select key from unnest($1::bigint[]) with ordinality as wanted (key, place) order by place offset 0) as ordered`;

/**
 * One transaction or snapshot. `begin` travels with the first statements, statements issued together travel
 * together. A statement that failed spoils the whole, as PostgreSQL has it.
 */
export class PostgresHandle implements Tx {
  readonly engine = 'postgres';
  readonly #connection: PostgresConnection;
  #ended = false;
  #failed = false;
  /** What is seen now; after a statement that may write, and after a lock, it is something else. */
  state = new State();
  /** What spoiled the transaction first; undefined while all is well. */
  failure: unknown;
  /** Whether the commit was sent: from then on a lost connection leaves the outcome unknown. */
  isCommitSent = false;

  constructor(connection: PostgresConnection, begin: Query) {
    this.#connection = connection;
    // A begin that fails makes the statements that travel with it fail too, with the same cause.
    this.#send(begin).catch(() => undefined);
  }

  async run<R>(statement: CompiledQuery<R>): Promise<R[]> {
    this.#demandUse();
    const { sql: text, parameters: values } = statement;
    try {
      assertBindable(values);
    } catch (error) {
      throw this.#spoil(error);
    }
    if (!isPlainSelect(text)) this.state = new State();
    if (text === STATEMENT_WITHOUT_LIMIT) this.#connection.patient = true;
    const { rows } = await this.#send({ text, values, name: statementNameOf(statement) });
    return rows as R[];
  }

  async lock(...subjects: Subject[]): Promise<void> {
    this.#demandUse();
    const keys = [...new Set(subjects.map(keyOf))].sort((a, b) => (a < b ? -1 : 1));
    if (keys.length === 0) return;
    const statement = rawStatement<unknown>(LOCK_ALL, [`{${keys.join(',')}}`]);
    this.state = new State();
    const named: NamedStatement<unknown> = { ...statement, statementName: 'cg_lock' };
    // Not waited for: what follows travels along, runs once the lock is there, and fails when the lock did.
    this.run(named).catch(() => undefined);
  }

  /** Commits; throws what spoiled the transaction, if anything did. */
  async commit(): Promise<void> {
    this.#ended = true;
    if (this.#failed) throw this.failure;
    this.isCommitSent = true;
    const { tag } = await this.#send(COMMIT).catch(unknownOutcome);
    // PostgreSQL answers ROLLBACK to the commit of a transaction in which a statement failed.
    if (tag !== 'COMMIT') throw this.failure ?? new Error('the transaction was rolled back');
  }

  /** Ends the transaction without a trace. Need not be awaited: the connection keeps the order. */
  async rollback(): Promise<void> {
    this.#ended = true;
    this.#connection.patient = false;
    await this.#send(ROLLBACK);
  }

  #demandUse(): void {
    if (this.#ended) throw new Error('a statement was run after its transaction had ended');
    if (this.#failed) throw this.failure;
  }

  async #send(query: Query): Promise<Answer> {
    try {
      return await this.#connection.query(query);
    } catch (error) {
      throw this.#spoil(neutralError(error));
    }
  }

  #spoil(error: unknown): unknown {
    if (!this.#failed) {
      this.#failed = true;
      this.failure = error;
    }
    return error;
  }
}

/** Neither writes nor waits for somebody who does (`for update`, `for key share`). */
const isPlainSelect = (text: string): boolean => text.startsWith('select ') && !text.includes(' for ');

/** 64 bits of a hash: two subjects that share one merely wait for each other. */
const keyOf = (subject: Subject): bigint => hash('sha256', subject, 'buffer').readBigInt64BE(0);

function unknownOutcome(error: unknown): never {
  if (!(error instanceof StorageUnavailableError)) throw error;
  throw new StorageUnavailableError(
    `${error.message}. The connection was lost during a commit: whether it happened is unknown.`,
    { cause: error },
  );
}
