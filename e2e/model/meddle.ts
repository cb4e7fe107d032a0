import type { Database, Handle, Tx } from '@callgate/server/storage/database.ts';
import type { CompiledQuery } from 'kysely';

/** Stands in for one statement: `run` runs it (or another) for real. */
export type Meddler = (
  statement: CompiledQuery<unknown>,
  run: (statement: CompiledQuery<unknown>) => Promise<unknown[]>,
  handle: Handle,
) => Promise<unknown[]>;

/** The database with every statement of a transaction going through `meddler`. */
export function meddled(database: Database, meddler: Meddler): Database {
  return {
    engine: database.engine,
    read: (work) => database.read(work),
    write: (work) => database.write((tx) => work(meddledTx(tx, meddler))),
    scan: (batchAfter) => database.scan(batchAfter),
    check: () => database.check(),
    stats: () => database.stats(),
    close: () => database.close(),
  };
}

const meddledTx = (tx: Tx, meddler: Meddler): Tx => ({
  engine: tx.engine,
  lock: (...subjects) => tx.lock(...subjects),
  async run<R>(statement: CompiledQuery<R>): Promise<R[]> {
    return (await meddler(statement, (other) => tx.run(other), tx)) as R[];
  },
});

/** Whether the statement begins like this, quotes left out: `insert into outbox`. */
export const begins = ({ sql }: CompiledQuery<unknown>, words: string): boolean =>
  sql.replaceAll('"', '').startsWith(words);

/** Instead of statements that begin with `words` (and carry one of `values`) nothing runs. */
export const swallowing =
  (words: string, ...values: string[]): ((database: Database) => Database) =>
  (database) =>
    meddled(database, (statement, run) => {
      const isMeant = values.length === 0 || values.some((value) => statement.parameters.includes(value));
      return begins(statement, words) && isMeant ? Promise.resolve([]) : run(statement);
    });
