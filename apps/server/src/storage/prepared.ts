import { hash } from 'node:crypto';
import {
  CompiledQuery,
  DummyDriver,
  type Expression,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SqlBool,
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
 * A filled statement of a `Prepared`. Engines keep such statements prepared for good, because there are only
 * as many as the sources declare; statements without a name pass through a bounded cache.
 */
export interface NamedStatement<R> extends CompiledQuery<R> {
  /** Short hash of the text: the same on every connection and node. */
  readonly statementName: string;
}

/** The name of a statement that was declared with `prepared`; undefined for one that was built for a request. */
export const statementNameOf = (statement: CompiledQuery<unknown>): string | undefined =>
  (statement as Partial<NamedStatement<unknown>>).statementName;

interface Template<R> {
  compiled: CompiledQuery<R>;
  statementName: string;
}

/**
 * Declares a statement once, at module level of a `*.store.ts`:
 * `prepared<{ id: UserId }, UserRow>((db, p) => db.selectFrom('users').selectAll().where('id', '=', p('id')))`.
 * Why: building and compiling a Kysely statement costs more than running it (docs/adr/0004).
 */
export function prepared<P, R>(
  build: (db: Builder, p: Holes<P>, engine: Engine) => Compilable<R>,
): Prepared<P, R> {
  const templates: Partial<Record<Engine, Template<R>>> = {};
  const run = (handle: Handle, values: P): Promise<R[]> => {
    const engine = handle.engine;
    templates[engine] ??= templateOf(
      build(builders[engine], (name) => sql`${new Slot(name)}`, engine).compile(),
      engine,
    );
    return handle.run(fill(templates[engine], values as Record<string, unknown>));
  };
  return { all: run, first: async (handle, values) => (await run(handle, values))[0] };
}

function templateOf<R>(built: CompiledQuery<R>, engine: Engine): Template<R> {
  const compiled = engine === 'sqlite' ? plannedOnce(built) : built;
  return { compiled, statementName: `cg_${hash('sha256', compiled.sql).slice(0, 20)}` };
}

/**
 * The same statement in words that let SQLite keep its plan. The driver's SQLite (ENABLE_STAT4) looks into bound
 * values while it plans `column = ?` beside a join or an order, and from then on plans anew at every execution:
 * 30 to 170 µs instead of 5. It does not look into `+?`, and constants are written out, which partial indexes need.
 */
function plannedOnce<R>(built: CompiledQuery<R>): CompiledQuery<R> {
  const [first = '', ...pieces] = built.sql.split('?');
  // A question mark inside a literal: the places cannot be told, so the text stays as it is.
  if (pieces.length !== built.parameters.length) return built;
  const words = built.parameters.map((hole) => (hole instanceof Slot ? '+?' : literalOf(hole)));
  const sql = first + pieces.map((piece, index) => `${words[index] ?? '?'}${piece}`).join('');
  return {
    ...built,
    sql,
    parameters: built.parameters.filter((_, index) => words[index]?.endsWith('?') ?? true),
  };
}

/** A constant of a statement as SQL; `?` for what has no literal here. */
function literalOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'string' && !value.includes('?') && !value.includes('\0'))
    return `'${value.replaceAll("'", "''")}'`;
  return '?';
}

function fill<R>(template: Template<R>, values: Record<string, unknown>): NamedStatement<R> {
  const { query, queryId, sql: text, parameters: holes } = template.compiled;
  const parameters = new Array<unknown>(holes.length);
  for (let index = 0; index < holes.length; index++) {
    const hole = holes[index];
    parameters[index] = hole instanceof Slot ? namedValue(values, hole.name) : hole;
  }
  return { query, queryId, sql: text, parameters, statementName: template.statementName };
}

function namedValue(values: Record<string, unknown>, name: string): unknown {
  const value = values[name];
  if (value === undefined) throw new Error(`prepared statement: no value for "${name}"`);
  return value;
}

/**
 * `where(inList(engine, 'users.id', p('ids')))`, where `ids` is a JSON array of texts (`JSON.stringify(ids)`): one
 * statement for lists of any length. As an array PostgreSQL expects ten of them and goes to the index for each; of a
 * set it expects a hundred, for which it would rather read a small table whole, and keeps that plan when it has grown.
 */
export const inList = (
  engine: Engine,
  column: string | Expression<unknown>,
  jsonArray: Expression<unknown>,
): RawBuilder<SqlBool> => {
  const value = typeof column === 'string' ? sql.ref(column) : column;
  return engine === 'sqlite'
    ? sql`${value} in (select value from json_each(${jsonArray}))`
    : sql`${value} = any(array(select jsonb_array_elements_text((${jsonArray})::jsonb)))`;
};

/** A statement from plain text, for what Kysely has no words for. */
export const rawStatement = <R>(text: string, parameters: unknown[] = []): CompiledQuery<R> =>
  CompiledQuery.raw(text, parameters) as CompiledQuery<R>;
