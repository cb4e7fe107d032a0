import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Engine } from './database.ts';
import { filterError } from './filter-errors.ts';
import type { FilterField, FilterFields, Operator } from './filter-fields.ts';
import { type Condition, conditionOn } from './filter-operators.ts';
import { isPathKey } from './json-path.ts';

export * from './filter-fields.ts';

/** Bounds of one filter: nesting of `$and`/`$or`/`$nor`, conditions in all. */
export const FILTER_LIMITS = { depth: 5, conditions: 100, list: 100, text: 255, pathKeys: 5 } as const;

type Group = '$and' | '$or' | '$nor';
const isGroup = (key: string): key is Group => key === '$and' || key === '$or' || key === '$nor';

interface Reading {
  engine: Engine;
  fields: FilterFields;
  conditions: number;
}

/**
 * The filter as an SQL condition over the list's fields. Two-valued: a missing value matches `$ne`, `$nin` and
 * `$exists: false` and nothing else. Throws 400/4 naming the path, e.g. `filter_conditions.custom.x.$foo`.
 * Rules: docs/spec/queries.md.
 */
export function filterExpression(
  engine: Engine,
  fields: FilterFields,
  filter: Record<string, unknown> | undefined,
  root = 'filter_conditions',
): Expression<SqlBool> {
  return readObject({ engine, fields, conditions: 0 }, filter ?? {}, root, 1);
}

function readObject(reading: Reading, filter: unknown, path: string, depth: number): RawBuilder<SqlBool> {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
    throw filterError(path, 'must be an object of conditions');
  }
  if (depth > FILTER_LIMITS.depth) throw filterError(path, `nests deeper than ${FILTER_LIMITS.depth}`);
  const parts = Object.entries(filter).map(([key, value]) =>
    isGroup(key)
      ? readGroup(reading, key, value, `${path}.${key}`, depth)
      : readField(reading, key, value, `${path}.${key}`),
  );
  return joined(parts, 'and');
}

function readGroup(
  reading: Reading,
  group: Group,
  value: unknown,
  path: string,
  depth: number,
): RawBuilder<SqlBool> {
  if (!Array.isArray(value) || value.length === 0)
    throw filterError(path, 'must be a list of filters, not empty');
  if (value.length > FILTER_LIMITS.list)
    throw filterError(path, `takes at most ${FILTER_LIMITS.list} filters`);
  const parts = value.map((item, index) => readObject(reading, item, `${path}[${index}]`, depth + 1));
  if (group === '$and') return joined(parts, 'and');
  const any = joined(parts, 'or');
  return group === '$or' ? any : sql`(not coalesce(${any}, false))`;
}

function readField(reading: Reading, name: string, value: unknown, path: string): RawBuilder<SqlBool> {
  if (name.startsWith('$')) throw filterError(path, 'is no operator here; use $and, $or or $nor');
  const target = resolve(reading, name, path);
  const isOperators = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isOperators ? Object.entries(value) : [['$eq', value] as const];
  if (entries.length === 0) throw filterError(path, 'needs a value or an operator');
  const parts = entries.map(([operator, operand]) => {
    reading.conditions += 1;
    if (reading.conditions > FILTER_LIMITS.conditions) {
      throw filterError(
        path,
        `is one condition too many; a filter takes at most ${FILTER_LIMITS.conditions}`,
      );
    }
    const at = isOperators ? `${path}.${operator}` : path;
    return conditionOn({
      ...target,
      engine: reading.engine,
      operator: operator as Operator,
      operand,
      path: at,
    });
  });
  return joined(parts, 'and');
}

/** The declared field of a name; `custom.a.b` is the object field `custom` with the keys `a`, `b`. */
function resolve(reading: Reading, name: string, path: string): Pick<Condition, 'field' | 'keys'> {
  const field = own(reading.fields, name);
  if (field && field.type !== 'object') return { field, keys: [] };
  const [head = '', ...keys] = name.split('.');
  const object = own(reading.fields, head);
  if (object?.type !== 'object')
    throw filterError(path, `is no field of this list; use ${namesOf(reading.fields)}`);
  if (keys.length === 0) throw filterError(path, `names a whole object; name a key, as in "${head}.color"`);
  if (keys.length > FILTER_LIMITS.pathKeys || !keys.every(isPathKey)) {
    throw filterError(
      path,
      `is no path: up to ${FILTER_LIMITS.pathKeys} keys without quotes, joined by dots`,
    );
  }
  return { field: object, keys };
}

const own = (fields: FilterFields, name: string): FilterField | undefined =>
  Object.hasOwn(fields, name) ? fields[name] : undefined;

const namesOf = (fields: FilterFields): string =>
  Object.entries(fields)
    .map(([name, field]) => (field.type === 'object' ? `${name}.<key>` : name))
    .join(', ');

function joined(parts: RawBuilder<SqlBool>[], by: 'and' | 'or'): RawBuilder<SqlBool> {
  if (parts.length === 0) return sql`(1 = 1)`;
  return sql`(${sql.join(parts, by === 'and' ? sql` and ` : sql` or `)})`;
}
