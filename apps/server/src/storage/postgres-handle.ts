import { hash } from 'node:crypto';
import type { CompiledQuery } from 'kysely';
import type { PoolClient, QueryConfig, QueryResult } from 'pg';
import type { Subject, Tx } from './database.ts';
import { assertBindable } from './parameters.ts';
import { neutralError } from './postgres-errors.ts';
import { rawStatement, statementNameOf } from './prepared.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** Taken one by one in the order given: the inner query is fenced by `offset 0`, the outer calls per row. */
const LOCK_ALL = `select pg_advisory_xact_lock(key) from (
  select key from unnest($1::bigint[]) with ordinality as wanted (key, place) order by place offset 0) as ordered`;

/**
 * One transaction or snapshot on a pipelined connection: `begin` travels with the first statement, statements
 * issued together travel together. A statement that failed spoils the whole, as PostgreSQL has it.
 */
export class PostgresHandle implements Tx {
  readonly engine = 'postgres';
  readonly #client: PoolClient;
  #ended = false;
  #failed = false;
  /** What spoiled the transaction first; undefined while all is well. */
  failure: unknown;

  constructor(client: PoolClient, begin: string) {
    this.#client = client;
    // A begin that fails makes the first statement fail too, with the same cause.
    this.#send({ text: begin }).catch(() => undefined);
  }

  async run<R>(statement: CompiledQuery<R>): Promise<R[]> {
    if (this.#ended) throw new Error('a statement was run after its transaction had ended');
    if (this.#failed) throw this.failure;
    const { sql: text, parameters } = statement;
    try {
      assertBindable(parameters);
    } catch (error) {
      throw this.#spoil(error);
    }
    const name = statementNameOf(statement);
    const values = parameters as unknown[];
    const result = await this.#send(name === undefined ? { text, values } : { name, text, values });
    return result.rows as R[];
  }

  async lock(...subjects: Subject[]): Promise<void> {
    const keys = [...new Set(subjects.map(keyOf))].sort((a, b) => (a < b ? -1 : 1));
    if (keys.length > 0) await this.run(rawStatement(LOCK_ALL, [`{${keys.join(',')}}`]));
  }

  /** Commits; throws what spoiled the transaction, if anything did. */
  async commit(): Promise<void> {
    this.#ended = true;
    if (this.#failed) throw this.failure;
    const { command } = await this.#send({ text: 'commit' }).catch(unknownOutcome);
    // PostgreSQL answers ROLLBACK to the commit of a transaction in which a statement failed.
    if (command !== 'COMMIT') throw this.failure ?? new Error('the transaction was rolled back');
  }

  /** Ends the transaction without a trace. Need not be awaited: the connection keeps the order. */
  async rollback(): Promise<void> {
    this.#ended = true;
    await this.#send({ text: 'rollback' });
  }

  async #send(query: QueryConfig): Promise<QueryResult> {
    try {
      return await this.#client.query(query);
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

/** 64 bits of a hash: two subjects that share one merely wait for each other. */
const keyOf = (subject: Subject): bigint => hash('sha256', subject, 'buffer').readBigInt64BE(0);

function unknownOutcome(error: unknown): never {
  if (!(error instanceof StorageUnavailableError)) throw error;
  throw new StorageUnavailableError(
    `${error.message}. The connection was lost during a commit: whether it happened is unknown.`,
    { cause: error },
  );
}
