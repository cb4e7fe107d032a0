import fc from 'fast-check';

/*
 * Test support: the filter language over plain objects, written from docs/spec/queries.md and not from the code, and
 * random filters for it.
 */

/** A row as the model knows it. */
export interface ModelRow {
  id: string;
  name: string | null;
  teams: string[];
  invisible: boolean;
  created_at: number;
  last_active: number | null;
  rank: number | null;
  custom: Record<string, unknown>;
}

type Filter = Record<string, unknown>;

/** Whether the row matches (rules QRY4 to QRY8). */
export const matches = (row: ModelRow, filter: Filter): boolean =>
  Object.entries(filter).every(([key, value]) => {
    if (key === '$and') return (value as Filter[]).every((part) => matches(row, part));
    if (key === '$or') return (value as Filter[]).some((part) => matches(row, part));
    if (key === '$nor') return !(value as Filter[]).some((part) => matches(row, part));
    const isPlain = typeof value !== 'object' || value === null;
    const operators: [string, unknown][] = isPlain ? [['$eq', value]] : Object.entries(value as Filter);
    return operators.every(([operator, operand]) => holds(row, key, operator, operand));
  });

function holds(row: ModelRow, key: string, operator: string, operand: unknown): boolean {
  if (key === 'teams') return listHolds(row.teams, operator, operand);
  const stored = key.startsWith('custom.') ? at(row.custom, key.split('.').slice(1)) : fieldOf(row, key);
  const isTime = key === 'created_at' || key === 'last_active';
  const wanted = isTime ? asTimes(operand) : operand;
  const present = stored !== null && stored !== undefined;
  if (operator === '$exists') return present === operand;
  if (operand === null) return operator === '$eq' ? !present : present;
  const equals = (one: unknown) => present && typeof stored === typeof one && stored === one;
  switch (operator) {
    case '$eq':
      return equals(wanted);
    case '$ne':
      return !equals(wanted);
    case '$in':
      return (wanted as unknown[]).some(equals);
    case '$nin':
      return !(wanted as unknown[]).some(equals);
    case '$q':
      return typeof stored === 'string' && lower(stored).includes(lower(String(operand)));
    case '$autocomplete':
      return typeof stored === 'string' && lower(stored).startsWith(lower(String(operand)));
    default:
      return present && typeof stored === typeof wanted && ordered(operator, compare(stored, wanted));
  }
}

const fieldOf = (row: ModelRow, key: string): unknown => {
  const fields: Record<string, unknown> = { ...row };
  return fields[key];
};
const asTimes = (operand: unknown): unknown =>
  Array.isArray(operand)
    ? operand.map(Date.parse)
    : typeof operand === 'string'
      ? Date.parse(operand)
      : operand;
const lower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
const compare = (a: unknown, b: unknown): number =>
  typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Number(a) - Number(b);
const ordered = (operator: string, difference: number): boolean =>
  operator === '$gt'
    ? difference > 0
    : operator === '$gte'
      ? difference >= 0
      : operator === '$lt'
        ? difference < 0
        : difference <= 0;

function at(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Filter)[key] : undefined),
    value,
  );
}

function listHolds(list: readonly string[], operator: string, operand: unknown): boolean {
  const any = (texts: readonly unknown[]) => texts.some((text) => list.includes(String(text)));
  if (operator === '$exists') return list.length > 0 === operand;
  if (operator === '$contains' && Array.isArray(operand)) return operand.every((text) => any([text]));
  if (operator === '$in') return any(operand as unknown[]);
  if (operator === '$nin') return !any(operand as unknown[]);
  return operator === '$ne' ? !any([operand]) : any([operand]);
}

/** Random filters over the fields of a `ModelRow`, three levels deep at most. */
export function filtersOf(
  time: (ms: number) => string,
  times: readonly number[],
  names: readonly (string | null)[],
): fc.Arbitrary<Filter> {
  const name = fc.constantFrom(...names.filter((one) => one !== null), 'zzz');
  const when = fc.constantFrom(...times.map(time));
  const comparing = (value: fc.Arbitrary<unknown>) =>
    fc.oneof(
      value,
      fc
        .constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte')
        .chain((op) => value.map((v) => ({ [op]: v }))),
      fc
        .constantFrom('$in', '$nin')
        .chain((op) => fc.array(value, { maxLength: 3 }).map((v) => ({ [op]: v }))),
      fc.boolean().map((there) => ({ $exists: there })),
      fc.constantFrom({ $eq: null }, { $ne: null }),
    );
  const searching = fc.constantFrom('$q', '$autocomplete').chain((op) => name.map((v) => ({ [op]: v })));
  const flag = fc.oneof(
    fc.boolean(),
    fc.boolean().map((v) => ({ $ne: v })),
    fc.array(fc.boolean(), { maxLength: 2 }).map((v) => ({ $in: v })),
  );
  const team = fc.constantFrom('red', 'blue', 'pink');
  const teams = fc.oneof(
    team,
    fc.constantFrom('$eq', '$ne', '$contains').chain((op) => team.map((v) => ({ [op]: v }))),
    fc
      .constantFrom('$in', '$nin', '$contains')
      .chain((op) => fc.array(team, { maxLength: 3 }).map((v) => ({ [op]: v }))),
    fc.boolean().map((there) => ({ $exists: there })),
  );
  const number = fc.constantFrom<unknown>(0, 1, 1.5, -2, 1e21);
  const leaf = fc.oneof(
    fc.oneof(comparing(name), searching).map((v) => ({ name: v })),
    comparing(when).map((v) => ({ created_at: v })),
    comparing(when).map((v) => ({ last_active: v })),
    comparing(fc.constantFrom(0, 1, 2, 1.5)).map((v) => ({ rank: v })),
    flag.map((v) => ({ invisible: v })),
    teams.map((v) => ({ teams: v })),
    comparing(number).map((v) => ({ 'custom.n': v })),
    fc.oneof(comparing(fc.constantFrom('x', 'Xy', 'true')), searching).map((v) => ({ 'custom.t': v })),
    flag.map((v) => ({ 'custom.b': v })),
    comparing(fc.constantFrom(1, 2)).map((v) => ({ 'custom.deep.k é': v })),
  );
  const both = fc.tuple(leaf, leaf).map(([a, b]) => ({ ...a, ...b }));
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.oneof(leaf, both, fc.constant({})),
      fc
        .tuple(
          fc.constantFrom('$and', '$or', '$nor'),
          fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
        )
        .map(([group, parts]) => ({ [group]: parts })),
    ),
  }));
  return filter;
}
