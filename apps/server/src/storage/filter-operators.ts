import { type Expression, type RawBuilder, type SqlBool, sql } from 'kysely';
import { parseTime } from '../kernel/time-text.ts';
import type { Engine } from './database.ts';
import { filterError } from './filter-errors.ts';
import {
  type FilterField,
  type ListField,
  type ObjectField,
  OPERATORS,
  type Operator,
  type ScalarField,
} from './filter-fields.ts';
import { containsText, jsonFlag, jsonNumber, jsonPresent, jsonText, startsWith } from './json-path.ts';

/** One operator of a filter with what it is applied to. */
export interface Condition {
  engine: Engine;
  field: FilterField;
  /** Keys below an object field; empty for the others. */
  keys: readonly string[];
  operator: Operator;
  operand: unknown;
  /** Where it stands, for errors. */
  path: string;
}

const MAX_LIST = 100;
const MAX_TEXT = 255;
const COMPARISON = { $eq: '=', $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' } as const;
type Comparison = keyof typeof COMPARISON;
const isComparison = (operator: Operator): operator is Comparison => operator in COMPARISON;

type ScalarType = ScalarField['type'];
const OPERATORS_OF: Record<ScalarType | 'list', readonly Operator[]> = {
  text: OPERATORS.filter((operator) => operator !== '$contains'),
  number: ['$eq', '$ne', '$in', '$nin', '$gt', '$gte', '$lt', '$lte', '$exists'],
  time: ['$eq', '$ne', '$in', '$nin', '$gt', '$gte', '$lt', '$lte', '$exists'],
  flag: ['$eq', '$ne', '$in', '$nin', '$exists'],
  list: ['$eq', '$ne', '$in', '$nin', '$contains', '$exists'],
};

/** The condition as SQL, or 400/4. */
export function conditionOn(condition: Condition): RawBuilder<SqlBool> {
  const { field, operator, path } = condition;
  if (!OPERATORS.includes(operator)) throw filterError(path, `is no operator; use ${OPERATORS.join(', ')}`);
  if (field.type === 'object') return onObject(condition, field);
  const allowed = field.operators ?? OPERATORS_OF[field.type];
  if (!allowed.includes(operator))
    throw filterError(path, `does not fit this field; use ${allowed.join(', ')}`);
  return field.type === 'list'
    ? onList(condition, field)
    : onScalar(condition, field.type, field.value(condition.engine));
}

/** A key of a JSON object: compared as the type of the filter's value; other types do not match. */
function onObject(condition: Condition, field: ObjectField): RawBuilder<SqlBool> {
  const { engine, keys, operator, operand, path } = condition;
  const column = field.column(engine);
  if (operator === '$exists') return existing(jsonPresent(engine, column, keys), operand, path);
  if (operand === null) return onNull(condition, jsonPresent(engine, column, keys));
  const sample = Array.isArray(operand) ? operand[0] : operand;
  if (typeof sample === 'number') return onScalar(condition, 'number', jsonNumber(engine, column, keys));
  if (typeof sample === 'boolean') return onScalar(condition, 'flag', jsonFlag(engine, column, keys));
  return onScalar(condition, 'text', jsonText(engine, column, keys));
}

function onScalar(condition: Condition, type: ScalarType, value: Expression<unknown>): RawBuilder<SqlBool> {
  const { engine, operator, operand, path } = condition;
  if (!OPERATORS_OF[type].includes(operator)) throw filterError(path, `does not fit a ${type}`);
  if (operator === '$exists') return existing(sql`(${value} is not null)`, operand, path);
  if (operand === null) return onNull(condition, sql`(${value} is not null)`);
  if (operator === '$q') return containsText(engine, value, textOf(operand, path));
  if (operator === '$autocomplete') return startsWith(engine, value, textOf(operand, path));
  const bound = (item: unknown, at: string) => boundValue(engine, type, spelt(condition.field, item), at);
  if (operator === '$in' || operator === '$nin') {
    const items = listOf(operand, path).map((item, index) => bound(item, `${path}[${index}]`));
    const among: RawBuilder<SqlBool> =
      items.length === 0 ? sql`(1 = 0)` : sql`(${value} in (${sql.join(items)}))`;
    return operator === '$in' ? among : negated(among);
  }
  if (operator === '$ne') return negated(sql`(${value} = ${bound(operand, path)})`);
  if (!isComparison(operator)) throw filterError(path, `does not fit a ${type}`);
  return sql`(${value} ${sql.raw(COMPARISON[operator])} ${bound(operand, path)})`;
}

function onList(condition: Condition, field: ListField): RawBuilder<SqlBool> {
  const { engine, operator, operand, path } = condition;
  if (operator === '$exists') return existing(sql`(${field.hasElements(engine)})`, operand, path);
  if (operator === '$contains' && Array.isArray(operand)) {
    const all = listOf(operand, path).map((item, index) =>
      field.hasAny(engine, [textOf(item, `${path}[${index}]`)]),
    );
    return all.length === 0 ? sql`(1 = 1)` : sql`(${sql.join(all, sql` and `)})`;
  }
  const isMany = operator === '$in' || operator === '$nin';
  const texts = isMany
    ? listOf(operand, path).map((item, index) => textOf(item, `${path}[${index}]`))
    : [textOf(operand, path)];
  const any = sql<SqlBool>`(${field.hasAny(engine, texts)})`;
  return operator === '$ne' || operator === '$nin' ? negated(any) : any;
}

const spelt = (field: FilterField, operand: unknown): unknown =>
  field.type === 'text' && field.spelling && typeof operand === 'string' ? field.spelling(operand) : operand;

const negated = (condition: Expression<SqlBool>): RawBuilder<SqlBool> =>
  sql`(not coalesce(${condition}, false))`;

function existing(present: RawBuilder<SqlBool>, operand: unknown, path: string): RawBuilder<SqlBool> {
  if (typeof operand !== 'boolean') throw filterError(path, 'must be true or false');
  return operand ? present : negated(present);
}

/** `$eq: null` is `$exists: false`, `$ne: null` is `$exists: true`; nothing else compares with null. */
function onNull({ operator, path }: Condition, present: RawBuilder<SqlBool>): RawBuilder<SqlBool> {
  if (operator === '$eq') return negated(present);
  if (operator === '$ne') return present;
  throw filterError(path, 'must not be null');
}

function listOf(operand: unknown, path: string): unknown[] {
  if (!Array.isArray(operand)) throw filterError(path, 'must be a list');
  if (operand.length > MAX_LIST) throw filterError(path, `takes at most ${MAX_LIST} values`);
  return operand;
}

function textOf(operand: unknown, path: string): string {
  if (typeof operand !== 'string') throw filterError(path, 'must be a text');
  if (operand.length > MAX_TEXT) throw filterError(path, `must be at most ${MAX_TEXT} characters`);
  return operand;
}

function boundValue(engine: Engine, type: ScalarType, operand: unknown, path: string): RawBuilder<unknown> {
  if (type === 'text') return sql`${textOf(operand, path)}`;
  if (type === 'flag') {
    if (typeof operand !== 'boolean') throw filterError(path, 'must be true or false');
    return sql`${operand ? 1 : 0}`;
  }
  if (type === 'time') {
    const ms = typeof operand === 'string' ? parseTime(operand) : undefined;
    if (ms === undefined) throw filterError(path, 'must be a time such as 2026-11-22T10:00:00Z');
    return sql`${ms}`;
  }
  return boundNumber(engine, operand, path);
}

function boundNumber(engine: Engine, operand: unknown, path: string): RawBuilder<unknown> {
  if (typeof operand !== 'number' || !Number.isFinite(operand)) throw filterError(path, 'must be a number');
  // As numeric, or PostgreSQL takes the parameter for the type of the other side and refuses 1.5. As text where
  // the number is whole and beyond 2^53, which no parameter may be.
  if (engine === 'postgres') return sql`${String(operand)}::numeric`;
  const isHuge = Number.isInteger(operand) && !Number.isSafeInteger(operand);
  return isHuge ? sql`cast(${String(operand)} as real)` : sql`${operand}`;
}
