import {
  CompiledQuery,
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';
import type { Engine, Handle } from './database.ts';
import type { Tables } from './tables.ts';

/** Builds statements and never runs them: execution is the handle's. */
export type Builder = Kysely<Tables>;

const builders: Record<Engine, Builder> = {
  sqlite: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  postgres: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
};

/** The builder of an engine, for statements whose text depends on the request (filters). */
export const builderOf = (engine: Engine): Builder => builders[engine];

class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** Named holes of a prepared statement: `p('id')` stands where the value of `id` goes. */
export type Holes<P> = <K extends keyof P & string>(name: K) => RawBuilder<P[K]>;

interface Compilable<R> {
  compile(): CompiledQuery<R>;
}

/** A statement that is built and compiled once per engine, then only filled and run. */
export interface Prepared<P, R> {
  /** All rows. */
  all(handle: Handle, values: P): Promise<R[]>;
  /** The first row, or undefined. */
  first(handle: Handle, values: P): Promise<R | undefined>;
}

/**
 * Declares a statement once, at module level of a `*.store.ts`:
 * `prepared<{ id: UserId }, UserRow>((db, p) => db.selectFrom('users').selectAll().where('id', '=', p('id')))`.
 * Why: building and compiling a Kysely statement costs more than running it (docs/adr/0004).
 */
export function prepared<P, R>(
  build: (db: Builder, p: Holes<P>, engine: Engine) => Compilable<R>,
): Prepared<P, R> {
  const compiled: Partial<Record<Engine, CompiledQuery<R>>> = {};
  const fill = (engine: Engine, values: P): CompiledQuery<R> => {
    compiled[engine] ??= build(builders[engine], (name) => sql`${new Slot(name)}`, engine).compile();
    const template = compiled[engine];
    const parameters = template.parameters.map((value) =>
      value instanceof Slot ? valueOf(values, value.name) : value,
    );
    return { ...template, parameters };
  };
  return {
    all: (handle, values) => handle.run(fill(handle.engine, values)),
    first: async (handle, values) => (await handle.run(fill(handle.engine, values)))[0],
  };
}

function valueOf(values: unknown, name: string): unknown {
  const value = (values as Record<string, unknown>)[name];
  if (value === undefined) throw new Error(`prepared statement: no value for "${name}"`);
  return value;
}

/**
 * `where('id', 'in', inList<UserId>(engine, p('ids')))`, where `ids` is a JSON array of texts
 * (`JSON.stringify(ids)`): one statement for lists of any length.
 */
export const inList = <T extends string>(engine: Engine, jsonArray: Expression<unknown>): RawBuilder<T> =>
  engine === 'sqlite'
    ? sql<T>`(select value from json_each(${jsonArray}))`
    : sql<T>`(select jsonb_array_elements_text((${jsonArray})::jsonb))`;

/** A statement from plain text, for what Kysely has no words for. */
export const rawStatement = <R>(text: string, parameters: unknown[] = []): CompiledQuery<R> =>
  CompiledQuery.raw(text, parameters) as CompiledQuery<R>;
