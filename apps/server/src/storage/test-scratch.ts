import type { CompiledQuery } from 'kysely';
import type { Database, Engine, Handle } from './database.ts';
import { rawStatement } from './prepared.ts';

/*
 * Test support: a table of the suites' own, and statements written once for both engines. `?` stands for a
 * parameter; PostgreSQL gets `$1`, `$2`...
 */

/** A statement from text with `?` for each parameter. */
export function statementFor<R>(engine: Engine, text: string, parameters: unknown[] = []): CompiledQuery<R> {
  let place = 0;
  return rawStatement<R>(engine === 'sqlite' ? text : text.replaceAll('?', () => `$${++place}`), parameters);
}

/** Runs such a statement. */
export const run = <R>(handle: Handle, text: string, parameters: unknown[] = []): Promise<R[]> =>
  handle.run(statementFor<R>(handle.engine, text, parameters));

export interface ScratchRow {
  id: string;
  n: number | null;
  body: string | null;
  doc: string | null;
}

/** `scratch (id text primary key, n bigint, body text, doc json)`. */
export const createScratch = (database: Database): Promise<unknown> =>
  database.write((tx) =>
    run(
      tx,
      `create table scratch (id text primary key, n bigint, body text,
        doc ${tx.engine === 'sqlite' ? 'text' : 'jsonb'})`,
    ),
  );

export const put = (handle: Handle, id: string, n: number): Promise<unknown> =>
  run(handle, 'insert into scratch (id, n) values (?, ?)', [id, n]);

/** The row's number; undefined when there is no row. */
export async function numberOf(handle: Handle, id: string): Promise<number | undefined> {
  return (await run<{ n: number }>(handle, 'select n from scratch where id = ?', [id]))[0]?.n;
}

export const setNumber = (handle: Handle, id: string, n: number): Promise<unknown> =>
  run(handle, 'update scratch set n = ? where id = ?', [n, id]);

/** How many rows there are. */
export async function countOf(handle: Handle): Promise<number> {
  return (await run<{ n: number }>(handle, 'select count(*) as n from scratch'))[0]?.n ?? -1;
}

/** A promise with its levers, for holding one side of a race. */
export function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
