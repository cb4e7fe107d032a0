import { type Expression, type SqlBool, sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  containsText,
  isPathKey,
  jsonArrayHasAny,
  jsonArrayHasElements,
  jsonFlag,
  jsonNumber,
  jsonPresent,
  jsonText,
  startsWith,
} from './json-path.ts';
import { builderOf, rawStatement } from './prepared.ts';
import { testEngines } from './test-databases.ts';
import { createScratch, run } from './test-scratch.ts';

const HARD_KEYS = ["it's", 'a.b', '$', 'ключ', '🤷', '0', '%_', '[0]', ' ', '{}', ','];
const DOC = {
  text: 'Red',
  number: 1.5,
  big: 9_007_199_254_740_991,
  yes: true,
  no: false,
  nothing: null,
  tags: ['a', 'B', '1'],
  mixed: [1, true, null, 'x'],
  empty: [],
  inner: { deep: { text: 'found' } },
  ...Object.fromEntries(HARD_KEYS.map((key, index) => [key, index])),
};

test('[STO70] keys that one engine cannot address are told apart', () => {
  expect(HARD_KEYS.filter((key) => !isPathKey(key))).toEqual([]);
  expect(['', 'a"b', 'a\\b', 'a\nb', '\0'].filter(isPathKey)).toEqual([]);
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    const db = engine.open();
    const doc = sql.ref('doc');
    beforeEach(async () => {
      await createScratch(db);
      await db.write((tx) =>
        run(tx, 'insert into scratch (id, doc, body) values (?, ?, ?)', [
          'a',
          JSON.stringify(DOC),
          'Ünï_50%\\x',
        ]),
      );
    });

    const value = async (expression: Expression<unknown>): Promise<unknown> => {
      const compiled = sql<{ value: unknown }>`select ${expression} as value from scratch`.compile(
        builderOf(engine.name),
      );
      const [row] = await db.read((snapshot) =>
        snapshot.run(rawStatement<{ value: unknown }>(compiled.sql, [...compiled.parameters])),
      );
      return row?.value;
    };
    const holds = async (condition: Expression<SqlBool>): Promise<boolean> =>
      (await value(sql`case when ${condition} then 1 else 0 end`)) === 1;
    const text = (...keys: string[]) => value(jsonText(engine.name, doc, keys));
    const number = (...keys: string[]) => value(jsonNumber(engine.name, doc, keys));
    const flag = (...keys: string[]) => value(jsonFlag(engine.name, doc, keys));

    test('[STO70] a path gives the value of the type asked for, and null for any other', async () => {
      expect(await text('text')).toBe('Red');
      expect(await text('inner', 'deep', 'text')).toBe('found');
      expect(await number('number')).toBe(1.5);
      expect(await number('big')).toBe(9_007_199_254_740_991);
      expect([await flag('yes'), await flag('no')]).toEqual([1, 0]);
      for (const key of ['number', 'yes', 'nothing', 'tags', 'inner', 'missing']) {
        expect(await text(key), key).toBeNull();
      }
      for (const key of ['text', 'yes', 'nothing', 'tags', 'inner', 'missing']) {
        expect(await number(key), key).toBeNull();
      }
      for (const key of ['text', 'number', 'nothing', 'tags', 'missing']) {
        expect(await flag(key), key).toBeNull();
      }
      expect(await text('text', 'deeper')).toBeNull();
    });

    test('[STO70] any allowed key is addressed as it is', async () => {
      for (const [index, key] of HARD_KEYS.entries()) expect(await number(key), key).toBe(index);
    });

    test('[STO71] a key never counts into an array', async () => {
      for (const key of ['0', '1', '-1', '#-1', '[0]']) {
        expect(await text('tags', key), key).toBeNull();
        expect(await holds(jsonPresent(engine.name, doc, ['tags', key])), key).toBe(false);
      }
    });

    test('[STO72] present is whatever is there and not null', async () => {
      const present = (...keys: string[]) => holds(jsonPresent(engine.name, doc, keys));
      for (const key of ['text', 'number', 'no', 'empty', 'inner'])
        expect(await present(key), key).toBe(true);
      for (const key of ['nothing', 'missing']) expect(await present(key), key).toBe(false);
    });

    test('[STO73] an array of texts holds any of the texts, exactly', async () => {
      const tags = engine.name === 'sqlite' ? sql`json_extract(doc, '$.tags')` : sql`(doc -> 'tags')`;
      const hasAny = (...texts: string[]) => holds(jsonArrayHasAny(engine.name, tags, texts));
      expect(await hasAny('a')).toBe(true);
      expect(await hasAny('x', '1')).toBe(true);
      expect(await hasAny('b', 'A', '')).toBe(false);
      expect(await hasAny()).toBe(false);
      expect(await holds(jsonArrayHasElements(engine.name, tags))).toBe(true);
      const empty = engine.name === 'sqlite' ? sql`json_extract(doc, '$.empty')` : sql`(doc -> 'empty')`;
      expect(await holds(jsonArrayHasElements(engine.name, empty))).toBe(false);
      expect(await holds(jsonArrayHasAny(engine.name, empty, ['a']))).toBe(false);
    });

    test('[STO74] a beginning and a part are found whatever the case of ASCII letters, signs being signs', async () => {
      const body = sql.ref('body');
      const starts = (prefix: string) => holds(startsWith(engine.name, body, prefix));
      const contains = (part: string) => holds(containsText(engine.name, body, part));
      for (const prefix of ['', 'Ü', 'ÜN', 'Ünï_5', 'ÜNï_50%\\X'])
        expect(await starts(prefix), prefix).toBe(true);
      for (const prefix of ['ü', 'n', 'Ünï%', 'Ün__', 'Ünï_50%\\x_'])
        expect(await starts(prefix), prefix).toBe(false);
      for (const part of ['', 'N', '_50%', '%\\', '\\x']) expect(await contains(part), part).toBe(true);
      for (const part of ['50_', '%%', '\\%', 'Ï']) expect(await contains(part), part).toBe(false);
    });
  });
}
