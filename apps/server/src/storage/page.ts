import {
  type AliasedRawBuilder,
  type Expression,
  type RawBuilder,
  type Selection,
  type SelectQueryBuilder,
  type SqlBool,
  sql,
} from 'kysely';
import { type CursorScope, decodeCursor, encodeCursor, type RowKeys } from './cursor.ts';
import type { Engine } from './database.ts';
import { type FilterFields, filterExpression } from './filter.ts';
import { filterError } from './filter-errors.ts';
import { byteOrder } from './json-path.ts';

/** A field that a list can be sorted by. Keys are never null: a missing value sorts before all others. */
export interface SortKey {
  type: 'text' | 'number';
  value: (engine: Engine) => Expression<unknown>;
}

/** What a list can be filtered and sorted by. Declared once per list, at module level of a `*.store.ts`. */
export interface ListShape {
  /** Names the list inside its cursors. */
  name: string;
  fields: FilterFields;
  sorts: Readonly<Record<string, SortKey>>;
  defaultSort: readonly Sort[];
  /** The sort key that no two rows share; always added last. */
  tieBreaker: string;
}

export interface Sort {
  field: string;
  direction: 1 | -1;
}

/** A list request as clients send it (the schemas have checked the types). */
export interface ListRequest {
  filter_conditions?: Record<string, unknown>;
  sort?: readonly { field: string; direction?: 1 | -1 }[];
  limit?: number;
  offset?: number;
  next?: string;
  prev?: string;
}

/** One page; `next` and `prev` are absent at the ends. */
export interface Page<Item> {
  items: Item[];
  next?: string;
  prev?: string;
}

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

export const textKey = (column: string): SortKey => ({
  type: 'text',
  value: (engine) => byteOrder(engine, sql`coalesce(${sql.ref(column)}, '')`),
});
/** For a column that is never null, so that its index serves the order. */
export const numberKey = (column: string): SortKey => ({ type: 'number', value: () => sql.ref(column) });
export const nullableNumberKey = (column: string): SortKey => ({
  type: 'number',
  value: () => sql`coalesce(${sql.ref(column)}, -1)`,
});
/** For a text column that is never null. */
export const idKey = (column: string): SortKey => ({
  type: 'text',
  value: (engine) => byteOrder(engine, sql.ref(column)),
});

interface KeyedSort extends Sort {
  key: SortKey;
}

/** A query for one page, planned: `apply` bounds the select, `finish` makes the page of its rows. */
export interface PagePlan {
  apply<DB, TB extends keyof DB, O>(query: SelectQueryBuilder<DB, TB, O>): PageQuery<DB, TB, O>;
  finish<Row extends PageKey>(rows: Row[]): Page<Omit<Row, 'page_key'>>;
}
type PageQuery<DB, TB extends keyof DB, O> = SelectQueryBuilder<
  DB,
  TB,
  O & Selection<DB, TB, AliasedRawBuilder<string, 'page_key'>>
>;
/** The sort keys of a row as a JSON array; the engine makes it, so that it reads back as it compares. */
export interface PageKey {
  page_key: string;
}

/**
 * Plans a page by keyset: stable while rows come and go, whatever ties the sort has. Throws 400/4 naming the
 * field, operator, limit or cursor that is wrong.
 */
export function planPage(shape: ListShape, engine: Engine, request: ListRequest): PagePlan {
  const sorts = sortsOf(shape, request.sort);
  const limit = limitOf(request.limit);
  const scope: CursorScope = {
    list: shape.name,
    sort: sorts.map(({ field, direction }) => [field, direction]),
    filter: request.filter_conditions ?? {},
  };
  const filter = filterExpression(engine, shape.fields, request.filter_conditions);
  const isBackwards = request.prev !== undefined;
  const from = startOf(request, scope, sorts);
  return {
    apply(query) {
      let bounded = query.where(filter);
      if (from) bounded = bounded.where(beyond(engine, sorts, from, isBackwards));
      for (const { key, direction } of sorts) {
        bounded = bounded.orderBy(key.value(engine), (direction === 1) === isBackwards ? 'desc' : 'asc');
      }
      if (request.offset) bounded = bounded.offset(request.offset);
      return bounded.limit(limit + 1).select(keysOf(engine, sorts).as('page_key'));
    },
    finish(rows) {
      const hasMore = rows.length > limit;
      const kept = rows.slice(0, limit);
      if (isBackwards) kept.reverse();
      const edge = (row: PageKey | undefined, which: 'next' | 'prev', isThere: boolean) =>
        row && isThere ? { [which]: encodeCursor(which, scope, JSON.parse(row.page_key) as RowKeys) } : {};
      return {
        items: kept.map(({ page_key: _, ...row }) => row),
        ...edge(kept.at(-1), 'next', isBackwards || hasMore),
        ...edge(kept[0], 'prev', isBackwards ? hasMore : from !== undefined || Boolean(request.offset)),
      };
    },
  };
}

function limitOf(limit = DEFAULT_LIMIT): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw filterError('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
}

function sortsOf(shape: ListShape, asked: ListRequest['sort']): KeyedSort[] {
  const sorts: KeyedSort[] = [];
  for (const [index, { field, direction = 1 }] of (asked?.length ? asked : shape.defaultSort).entries()) {
    const key = Object.hasOwn(shape.sorts, field) ? shape.sorts[field] : undefined;
    if (!key) {
      throw filterError(`sort[${index}].field`, `must be one of ${Object.keys(shape.sorts).join(', ')}`);
    }
    if (sorts.some((earlier) => earlier.field === field)) {
      throw filterError(`sort[${index}].field`, 'was named before');
    }
    sorts.push({ field, direction, key });
  }
  const last = shape.sorts[shape.tieBreaker];
  if (last && !sorts.some(({ field }) => field === shape.tieBreaker)) {
    sorts.push({ field: shape.tieBreaker, direction: sorts.at(-1)?.direction ?? 1, key: last });
  }
  return sorts;
}

function startOf(request: ListRequest, scope: CursorScope, sorts: readonly KeyedSort[]): RowKeys | undefined {
  const { next, prev, offset } = request;
  if (next !== undefined && prev !== undefined)
    throw filterError('prev', 'cannot be used together with next');
  if (offset && (next ?? prev) !== undefined)
    throw filterError('offset', 'cannot be used together with a cursor');
  const types = sorts.map(({ key }) => key.type);
  if (next !== undefined) return decodeCursor('next', scope, next, types);
  return prev === undefined ? undefined : decodeCursor('prev', scope, prev, types);
}

/** `(a > A) or (a = A and b < B) or …`: the rows after (before) the key in the list's order. */
function beyond(
  engine: Engine,
  sorts: readonly KeyedSort[],
  from: RowKeys,
  isBackwards: boolean,
): RawBuilder<SqlBool> {
  const steps = sorts.map(({ key, direction }, index) => {
    const isAscending = (direction === 1) !== isBackwards;
    const equal = sorts.slice(0, index).map((sort, at) => sql`${sort.key.value(engine)} = ${from[at]}`);
    const past = sql`${key.value(engine)} ${isAscending ? sql`>` : sql`<`} ${from[index]}`;
    return sql<SqlBool>`(${sql.join([...equal, past], sql` and `)})`;
  });
  return sql<SqlBool>`(${sql.join(steps, sql` or `)})`;
}

function keysOf(engine: Engine, sorts: readonly KeyedSort[]): RawBuilder<string> {
  const values = sql.join(sorts.map(({ key }) => key.value(engine)));
  return engine === 'sqlite'
    ? sql<string>`json_array(${values})`
    : sql<string>`json_build_array(${values})::text`;
}
