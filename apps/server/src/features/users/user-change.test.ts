import type { UserId, UserPartialUpdate, UserRequest } from '@callgate/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankUser, mergedUser, replacedUser } from './user-change.ts';
import type { UserRow } from './users.store.ts';

/*
 * Replacing and merging against a model that is as simple as the rule: a plain object of the fields that clients
 * see. Numbers: 1,000 histories of up to 12 steps each.
 */
interface Model {
  name: string | undefined;
  image: string | undefined;
  custom: Record<string, unknown>;
  teams: string[];
  language: string;
  invisible: boolean;
}
const FRESH: Model = {
  name: undefined,
  image: undefined,
  custom: {},
  teams: [],
  language: '',
  invisible: false,
};

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const custom = fc
  .array(fc.tuple(key, fc.jsonValue({ maxDepth: 1 })), { maxLength: 3 })
  // As JSON knows it: there is no negative zero.
  .map((entries) => JSON.parse(JSON.stringify(Object.fromEntries(entries))) as Record<string, unknown>);
const fields = fc.record(
  {
    name: fc.string({ maxLength: 3 }),
    image: fc.string({ maxLength: 3 }),
    custom,
    teams: fc.uniqueArray(fc.constantFrom('north', 'south'), { maxLength: 2 }),
    language: fc.constantFrom('', 'en', 'pt-BR'),
    invisible: fc.boolean(),
  },
  { requiredKeys: [] },
);
const unsettable = ['name', 'image', 'custom', 'teams', 'language', 'invisible'] as const;
const unset = fc.uniqueArray(
  fc.oneof(
    fc.constantFrom(...unsettable),
    key.map((name) => `custom.${name}`),
  ),
  { maxLength: 3 },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('replace' as const), fields }),
  fc.record({ kind: fc.constant('merge' as const), fields, unset }),
);

const SARA = 'sara' as UserId;
const shown = (row: UserRow): Model => ({
  name: row.name ?? undefined,
  image: row.image ?? undefined,
  custom: JSON.parse(row.custom),
  teams: JSON.parse(row.teams),
  language: row.language,
  invisible: row.invisible === 1,
});

function replaceModel(asked: Partial<Model>): Model {
  return { ...FRESH, ...asked };
}

function mergeModel(model: Model, set: Partial<Model>, names: readonly string[]): Model {
  const cleared: Model = { ...model, custom: { ...model.custom } };
  for (const name of unsettable) if (names.includes(name)) Object.assign(cleared, { [name]: FRESH[name] });
  const kept = Object.entries(cleared.custom).filter(([name]) => !names.includes(`custom.${name}`));
  const merged = Object.fromEntries([...kept, ...Object.entries(set.custom ?? {})]);
  return { ...cleared, ...set, custom: merged };
}

const disjoint = (set: Partial<Model>, names: readonly string[]): string[] =>
  names.filter((name) =>
    name.startsWith('custom.') ? !Object.hasOwn(set.custom ?? {}, name.slice(7)) : !Object.hasOwn(set, name),
  );

describe('a user over time', () => {
  it('[USR7] [USR24] equals the simple model after any history of replacing and merging', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        let model = FRESH;
        let row = blankUser(SARA, 0);
        steps.forEach((next, at) => {
          const before = row;
          if (next.kind === 'replace') {
            model = replaceModel(next.fields);
            row = replacedUser(row, { id: SARA, ...next.fields } as UserRequest, SARA, at + 1);
          } else {
            const names = disjoint(next.fields, next.unset);
            model = mergeModel(model, next.fields, names);
            const update = { set: next.fields, unset: names } as Omit<UserPartialUpdate, 'id'>;
            row = mergedUser(row, update, 'users.0', at + 1);
          }
          expect(shown(row)).toEqual(model);
          expect(row.updated_at === before.updated_at).toBe(row === before);
        });
      }),
      { numRuns: 1000 },
    );
  });
});
