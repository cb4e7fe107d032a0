import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Engine } from './database.ts';

/*
 * The one place where the engines differ for filters that are built per request. `column` is a JSON column
 * (TEXT on SQLite, JSONB on PostgreSQL); a path is given as its keys and travels as a parameter, never as text.
 * A value of another JSON type than asked for reads as null, on both engines.
 */

/** A key that both engines can address: SQLite has no escape for quotes and backslashes inside a path. */
export const isPathKey = (key: string): boolean => key.length > 0 && !/["\\]|\p{Cc}/u.test(key);

const sqlitePath = (keys: readonly string[]): string => `$${keys.map((key) => `."${key}"`).join('')}`;

interface Parts {
  /** The JSON type as the engine names it. */
  type: RawBuilder<string | null>;
  /** The value as the engine's plain value (text on PostgreSQL). */
  value: RawBuilder<unknown>;
}

function partsAt(engine: Engine, column: Expression<unknown>, keys: readonly string[]): Parts {
  if (engine === 'sqlite') {
    const path = sqlitePath(keys);
    return {
      type: sql`json_type(${column}, ${path})`,
      value: sql`json_extract(${column}, ${path})`,
    };
  }
  // Key by key, because a number in a path as a whole would count into arrays, which SQLite's quoted keys do not.
  const at = keys.reduce<Expression<unknown>>((json, key) => sql`(${json} -> ${key}::text)`, column);
  return { type: sql`jsonb_typeof(${at})`, value: sql`(${at} #>> '{}')` };
}

/** The text at the path, compared byte by byte; null when there is none. */
export function jsonText(
  engine: Engine,
  column: Expression<unknown>,
  keys: readonly string[],
): RawBuilder<string | null> {
  const { type, value } = partsAt(engine, column, keys);
  return engine === 'sqlite'
    ? sql`(case when ${type} = 'text' then ${value} end)`
    : sql`(case when ${type} = 'string' then ${value} end collate "C")`;
}

/** The number at the path; null when there is none. Numeric on PostgreSQL, so that no size overflows. */
export function jsonNumber(
  engine: Engine,
  column: Expression<unknown>,
  keys: readonly string[],
): RawBuilder<number | null> {
  const { type, value } = partsAt(engine, column, keys);
  return engine === 'sqlite'
    ? sql`(case when ${type} in ('integer', 'real') then ${value} end)`
    : sql`(case when ${type} = 'number' then ${value}::numeric end)`;
}

/** The flag at the path as 0 or 1; null when there is none. */
export function jsonFlag(
  engine: Engine,
  column: Expression<unknown>,
  keys: readonly string[],
): RawBuilder<0 | 1 | null> {
  const { type, value } = partsAt(engine, column, keys);
  return engine === 'sqlite'
    ? sql`(case when ${type} in ('true', 'false') then ${value} end)`
    : sql`(case when ${type} = 'boolean' then ${value}::boolean::int end)`;
}

/** Whether anything but null stands at the path. */
export function jsonPresent(
  engine: Engine,
  column: Expression<unknown>,
  keys: readonly string[],
): RawBuilder<SqlBool> {
  const { type } = partsAt(engine, column, keys);
  return sql`coalesce(${type} <> 'null', false)`;
}

/** Whether the JSON array of texts holds any of the given texts. */
export const jsonArrayHasAny = (
  engine: Engine,
  column: Expression<unknown>,
  texts: readonly string[],
): RawBuilder<SqlBool> =>
  engine === 'sqlite'
    ? sql`exists (select 1 from json_each(${column}) as held where held.value in (select value from json_each(${JSON.stringify(texts)})))`
    : sql`exists (select 1 from jsonb_array_elements_text(${column}) as held (value) where held.value in (select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb)))`;

/** Whether the JSON array has any element. */
export const jsonArrayHasElements = (engine: Engine, column: Expression<unknown>): RawBuilder<SqlBool> =>
  engine === 'sqlite' ? sql`(json_array_length(${column}) > 0)` : sql`(jsonb_array_length(${column}) > 0)`;

/** Text compared byte by byte, as SQLite does; PostgreSQL's own order depends on how the cluster was made. */
export const byteOrder = (engine: Engine, text: Expression<unknown>): Expression<unknown> =>
  engine === 'sqlite' ? text : sql`(${text} collate "C")`;

const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const likeLiteral = (text: string): string => asciiLower(text).replace(/[\\%_]/g, (sign) => `\\${sign}`);
const lowered = (engine: Engine, text: Expression<unknown>): RawBuilder<string> =>
  engine === 'sqlite' ? sql`lower(${text})` : sql`lower(${text} collate "C")`;

/** Whether the text starts with the prefix; ASCII letters of either case are the same. */
export const startsWith = (engine: Engine, text: Expression<unknown>, prefix: string): RawBuilder<SqlBool> =>
  sql`(${lowered(engine, text)} like ${`${likeLiteral(prefix)}%`} escape '\\')`;

/** Whether the text holds the other one anywhere; ASCII letters of either case are the same. */
export const containsText = (engine: Engine, text: Expression<unknown>, part: string): RawBuilder<SqlBool> =>
  sql`(${lowered(engine, text)} like ${`%${likeLiteral(part)}%`} escape '\\')`;
