import type { RoleName, UserId } from '@callgate/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../kernel/errors.ts';
import type { Database } from './database.ts';
import { flagField, numberField, objectField, textField, textsField, timeField } from './filter.ts';
import {
  idKey,
  type ListRequest,
  type ListShape,
  nullableNumberKey,
  numberKey,
  type Page,
  planPage,
  textKey,
} from './page.ts';
import { builderOf } from './prepared.ts';
import type { UsersTable } from './tables.ts';
import { testEngines } from './test-databases.ts';
import { filtersOf, type ModelRow, matches } from './test-filter-model.ts';

const SEED = Number(process.env.CALLGATE_TEST_SEED ?? 1);

const PEOPLE: ListShape = {
  name: 'people',
  fields: {
    id: textField('users.id'),
    name: textField('users.name'),
    teams: textsField('users.teams'),
    invisible: flagField('users.invisible'),
    created_at: timeField('users.created_at'),
    last_active: timeField('users.last_active'),
    rank: numberField('users.deactivated_at'),
    custom: objectField('users.custom'),
  },
  sorts: {
    id: idKey('users.id'),
    name: textKey('users.name'),
    created_at: numberKey('users.created_at'),
    last_active: nullableNumberKey('users.last_active'),
  },
  defaultSort: [{ field: 'created_at', direction: -1 }],
  tieBreaker: 'id',
};

const time = (n: number): string => new Date(n).toISOString();
const TIMES = [0, 1000, 2000, 3000];
const NAMES = [null, '', 'Ann', 'ann', 'anna', 'Bob', 'élan', '50%', 'a_b', 'a\\b', '😀'];

const row = fc.record({
  name: fc.constantFrom(...NAMES),
  teams: fc.subarray(['red', 'blue', 'green']),
  invisible: fc.boolean(),
  created_at: fc.constantFrom(...TIMES),
  last_active: fc.constantFrom(null, ...TIMES),
  rank: fc.constantFrom(null, 0, 1, 2),
  custom: fc.record(
    {
      n: fc.oneof(fc.constantFrom(0, 1, 1.5, -2, 1e21), fc.constantFrom('1', true, null)),
      t: fc.constantFrom<unknown>('x', 'y', 'Xy', 7, false),
      b: fc.constantFrom<unknown>(true, false, 'true'),
      deep: fc.record({ 'k é': fc.constantFrom<unknown>(1, 'x', null) }),
    },
    { requiredKeys: [] },
  ),
});

const toUser = (index: number, model: Omit<ModelRow, 'id'>): UsersTable => ({
  id: `user-${String(index).padStart(2, '0')}` as UserId,
  role: 'user' as RoleName,
  name: model.name,
  image: null,
  custom: JSON.stringify(model.custom),
  teams: JSON.stringify(model.teams),
  language: '',
  invisible: model.invisible ? 1 : 0,
  created_at: model.created_at,
  updated_at: 0,
  last_active: model.last_active,
  deactivated_at: model.rank,
  deactivated_by_id: null,
  deleted_at: null,
  deletion: null,
  revoke_tokens_issued_before: null,
  guest_expires_at: null,
});

async function store(database: Database, rows: readonly UsersTable[]): Promise<void> {
  const db = builderOf(database.engine);
  await database.write(async (tx) => {
    await tx.run(db.deleteFrom('users').compile());
    if (rows.length > 0)
      await tx.run(
        db
          .insertInto('users')
          .values([...rows])
          .compile(),
      );
  });
}

async function list(database: Database, request: ListRequest): Promise<Page<UsersTable>> {
  const plan = planPage(PEOPLE, database.engine, request);
  const query = plan.apply(builderOf(database.engine).selectFrom('users').selectAll('users'));
  return plan.finish(await database.read((snapshot) => snapshot.run(query.compile())));
}

/** All pages from the first, following `next`; then back over `prev`, which must show the same pages. */
async function walk(database: Database, request: ListRequest): Promise<string[]> {
  const pages: Page<UsersTable>[] = [await list(database, request)];
  for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
    pages.push(await list(database, { ...request, next }));
  }
  expect(pages[0]?.prev).toBeUndefined();
  let { prev } = pages.at(-1) ?? {};
  for (const earlier of pages.slice(0, -1).reverse()) {
    if (!prev) throw new Error('a later page has no prev');
    const page = await list(database, { ...request, prev });
    expect(page.items.map(({ id }) => id)).toEqual(earlier.items.map(({ id }) => id));
    expect(page.next).toBeDefined();
    prev = page.prev;
  }
  return pages.flatMap((page) => page.items.map(({ id }) => id));
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
function inOrder(rows: readonly ModelRow[], sort: readonly { field: string; direction: 1 | -1 }[]): string[] {
  const last = { field: 'id', direction: sort.at(-1)?.direction ?? 1 } as const;
  const keyed = [...sort, last];
  const compare = (a: ModelRow, b: ModelRow): number => {
    for (const { field, direction } of keyed) {
      const [x, y] = [a, b].map((one): unknown => new Map<string, unknown>(Object.entries(one)).get(field));
      const difference =
        field === 'id' || field === 'name'
          ? byBytes(String(x ?? ''), String(y ?? ''))
          : Number(x ?? -1) - Number(y ?? -1);
      if (difference !== 0) return difference * direction;
    }
    return 0;
  };
  return [...rows].sort(compare).map(({ id }) => id);
}

const sorts = fc.uniqueArray(
  fc.record({
    field: fc.constantFrom('name', 'created_at', 'last_active'),
    direction: fc.constantFrom<1 | -1>(1, -1),
  }),
  { selector: ({ field }) => field, minLength: 1, maxLength: 3 },
);

const complaint = async (work: Promise<unknown>): Promise<string[]> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError) || error.status !== 400) throw new Error('expected 400', { cause: error });
  return Object.keys(error.fields ?? {});
};

for (const engine of testEngines) {
  describe(`lists on ${engine.name}`, () => {
    const database = engine.open({ per: 'block' });
    const refused = (filter: unknown) =>
      complaint(Promise.resolve().then(() => list(database, { filter_conditions: filter as never })));

    test('[QRY1] unknown fields and operators are 400 naming the path', async () => {
      const bad: [unknown, string][] = [
        [{ shoe_size: 5 }, 'filter_conditions.shoe_size'],
        [{ constructor: 'x' }, 'filter_conditions.constructor'],
        [{ custom: { x: 1 } }, 'filter_conditions.custom'],
        [{ 'custom.x': { $foo: 1 } }, 'filter_conditions.custom.x.$foo'],
        [{ $not: [] }, 'filter_conditions.$not'],
        [{ invisible: { $gt: true } }, 'filter_conditions.invisible.$gt'],
        [{ name: { $contains: 'a' } }, 'filter_conditions.name.$contains'],
        [{ $or: [{ id: 'a' }, { $and: [{ no: 1 }] }] }, 'filter_conditions.$or[1].$and[0].no'],
        [{ 'custom.a"b': 1 }, 'filter_conditions.custom.a"b'],
        [{ 'custom.a.b.c.d.e.f': 1 }, 'filter_conditions.custom.a.b.c.d.e.f'],
        [{ name: {} }, 'filter_conditions.name'],
      ];
      for (const [filter, path] of bad) expect(await refused(filter)).toEqual([path]);
    });

    test('[QRY2] a value of the wrong type is 400 naming its path', async () => {
      const bad: [unknown, string][] = [
        [{ name: 5 }, 'filter_conditions.name'],
        [{ name: { $in: ['a', 5] } }, 'filter_conditions.name.$in[1]'],
        [{ name: { $in: 'a' } }, 'filter_conditions.name.$in'],
        [{ created_at: 5 }, 'filter_conditions.created_at'],
        [{ created_at: { $gt: '2026-02-30T00:00:00Z' } }, 'filter_conditions.created_at.$gt'],
        [{ invisible: 'true' }, 'filter_conditions.invisible'],
        [{ rank: '5' }, 'filter_conditions.rank'],
        [{ name: { $exists: 1 } }, 'filter_conditions.name.$exists'],
        [{ name: { $gt: null } }, 'filter_conditions.name.$gt'],
        [{ 'custom.x': { $in: [1, 'a'] } }, 'filter_conditions.custom.x.$in[1]'],
        [{ $or: {} }, 'filter_conditions.$or'],
        [{ $or: [5] }, 'filter_conditions.$or[0]'],
      ];
      for (const [filter, path] of bad) expect(await refused(filter)).toEqual([path]);
    });

    test('[QRY3] a filter is bounded in depth, conditions, lists and texts', async () => {
      const nested = (depth: number): unknown => (depth === 1 ? { id: 'a' } : { $and: [nested(depth - 1)] });
      await list(database, { filter_conditions: nested(5) as never });
      expect(await refused(nested(6))).toHaveLength(1);
      const many = (count: number) => ({
        $or: Array.from({ length: 50 }, () => ({ id: 'a', name: 'b' })).slice(0, count),
      });
      await list(database, { filter_conditions: many(50) });
      expect(await refused({ ...many(50), id: 'a' })).toHaveLength(1);
      expect(await refused({ id: { $in: Array.from({ length: 101 }, String) } })).toHaveLength(1);
      expect(await refused({ id: 'a'.repeat(256) })).toHaveLength(1);
    });

    test('[QRY10] sorting by an unknown field, or by one twice, is 400', async () => {
      const sorted = (sort: ListRequest['sort']) =>
        complaint(Promise.resolve().then(() => list(database, { ...(sort && { sort }) })));
      expect(await sorted([{ field: 'custom' }])).toEqual(['sort[0].field']);
      expect(await sorted([{ field: 'toString' }])).toEqual(['sort[0].field']);
      expect(await sorted([{ field: 'id' }, { field: 'id', direction: -1 }])).toEqual(['sort[1].field']);
    });

    test('[QRY11] a limit outside 1 to 100 is 400, and 25 items come without one', async () => {
      for (const limit of [0, 101, 1.5, -1]) {
        expect(await complaint(Promise.resolve().then(() => list(database, { limit })))).toEqual(['limit']);
      }
      const blank = {
        name: null,
        teams: [],
        invisible: false,
        created_at: 0,
        last_active: null,
        rank: null,
        custom: {},
      };
      await store(
        database,
        Array.from({ length: 30 }, (_, index) => toUser(index, blank)),
      );
      expect((await list(database, {})).items).toHaveLength(25);
    });

    test('[QRY13] a damaged or foreign cursor is 400 naming it', async () => {
      const blank = {
        name: null,
        teams: [],
        invisible: false,
        created_at: 0,
        last_active: null,
        rank: null,
        custom: {},
      };
      await store(
        database,
        Array.from({ length: 3 }, (_, index) => toUser(index, blank)),
      );
      const request: ListRequest = { limit: 1, filter_conditions: { rank: null, name: null } };
      const { next = '' } = await list(database, request);
      await list(database, { limit: 2, filter_conditions: { name: null, rank: null }, next });
      const flipped = `${next.slice(0, -2)}${next.at(-2) === 'A' ? 'B' : 'A'}${next.slice(-1)}`;
      const bad: ListRequest[] = [
        { ...request, next: flipped },
        { ...request, next: next.slice(1) },
        { ...request, next: `${next}=` },
        { ...request, next: 'x' },
        { ...request, next: '' },
        { ...request, prev: next },
        { ...request, next, sort: [{ field: 'name' }] },
        { limit: 1, next },
        { ...request, next, prev: next },
      ];
      for (const one of bad) {
        expect(await complaint(Promise.resolve().then(() => list(database, one)))).toHaveLength(1);
      }
    });

    test('[QRY4] [QRY5] [QRY6] [QRY7] [QRY8] [QRY9] [QRY12] pages are what a plain model of the rules says', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(row, { maxLength: 24 }),
          fc.array(fc.tuple(filtersOf(time, TIMES, NAMES), sorts, fc.integer({ min: 1, max: 9 })), {
            minLength: 6,
            maxLength: 6,
          }),
          async (models, questions) => {
            const users = models.map((model, index) => toUser(index, model));
            await store(database, users);
            const rows = models.map((model, index) => ({ ...model, id: users[index]?.id ?? '' }));
            for (const [filter, sort, limit] of questions) {
              const found = await walk(database, { filter_conditions: filter, sort, limit });
              expect(found).toEqual(
                inOrder(
                  rows.filter((one) => matches(one, filter)),
                  sort,
                ),
              );
            }
          },
        ),
        { numRuns: 60, seed: SEED },
      );
    });

    test('[QRY12] items that come and go between pages neither repeat nor hide the others', async () => {
      const models = fc.array(row, { minLength: 8, maxLength: 20 });
      await fc.assert(
        fc.asyncProperty(
          models,
          fc.integer({ min: 1, max: 4 }),
          fc.infiniteStream(fc.nat()),
          async (rows, limit, picks) => {
            const users = rows.map((model, index) => toUser(index, model));
            const stays = new Set(users.filter((_, index) => index % 2 === 0).map(({ id }) => id));
            let rest = users.filter(({ id }) => !stays.has(id));
            await store(database, users);
            const seen: string[] = [];
            for (let next: string | undefined = ''; next !== undefined; ) {
              const page: Page<UsersTable> = await list(database, { limit, ...(next && { next }) });
              seen.push(...page.items.map(({ id }) => id));
              next = page.next;
              rest = rest.filter(() => (picks.next().value ?? 0) % 3 !== 0);
              await store(database, [...users.filter(({ id }) => stays.has(id)), ...rest]);
            }
            expect(new Set(seen).size).toBe(seen.length);
            for (const id of stays) expect(seen).toContain(id);
          },
        ),
        { numRuns: 15, seed: SEED },
      );
    });
  });
}
