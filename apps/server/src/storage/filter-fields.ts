import { canonicalRole } from '@callgate/contract';
import { type Expression, type SqlBool, sql } from 'kysely';
import type { Engine } from './database.ts';
import { byteOrder, jsonArrayHasAny, jsonArrayHasElements } from './json-path.ts';

/** All operators of the filter language (api.md 3.4). */
export const OPERATORS = [
  '$eq',
  '$ne',
  '$in',
  '$nin',
  '$gt',
  '$gte',
  '$lt',
  '$lte',
  '$exists',
  '$q',
  '$autocomplete',
  '$contains',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** A column or an expression over the list's tables. */
export type FieldValue = (engine: Engine) => Expression<unknown>;

/** One text, number, flag (0 or 1 in the database) or time (milliseconds there, RFC 3339 in the filter). */
export interface ScalarField {
  type: 'text' | 'number' | 'flag' | 'time';
  value: FieldValue;
  /** Which operators this field takes; absent: all that fit the type. */
  operators?: readonly Operator[];
  /** Of a text: how the filter's value is spelt in the database. (Default: as it is) */
  spelling?: (text: string) => string;
}

/** A list of texts: an item matches a text when it holds it. */
export interface ListField {
  type: 'list';
  hasAny: (engine: Engine, texts: readonly string[]) => Expression<SqlBool>;
  hasElements: (engine: Engine) => Expression<SqlBool>;
  operators?: readonly Operator[];
}

/** A JSON object: addressed as `<name>.<path>`, the filter's value says which type is compared. */
export interface ObjectField {
  type: 'object';
  column: FieldValue;
}

export type FilterField = ScalarField | ListField | ObjectField;

/** What a list can be filtered by: the fields' names as clients write them. */
export type FilterFields = Readonly<Record<string, FilterField>>;

const ref =
  (column: string): FieldValue =>
  () =>
    sql.ref(column);

/** Texts are compared byte by byte on both engines. */
export const textField = (column: string): ScalarField => ({
  type: 'text',
  value: (engine) => byteOrder(engine, sql.ref(column)),
});
/** The name of a role, which a filter may write as requests may: `call-member`. */
export const roleField = (column: string): ScalarField => ({ ...textField(column), spelling: canonicalRole });
export const timeField = (column: string): ScalarField => ({ type: 'time', value: ref(column) });
export const numberField = (column: string): ScalarField => ({ type: 'number', value: ref(column) });
export const flagField = (column: string): ScalarField => ({ type: 'flag', value: ref(column) });
export const objectField = (column: string): ObjectField => ({ type: 'object', column: ref(column) });
/** A JSON column that holds an array of texts. */
export const textsField = (column: string): ListField => ({
  type: 'list',
  hasAny: (engine, texts) => jsonArrayHasAny(engine, sql.ref(column), texts),
  hasElements: (engine) => jsonArrayHasElements(engine, sql.ref(column)),
});
