import { describe, expect, test } from 'vitest';
import type { Handle } from './database.ts';
import { inList, prepared } from './prepared.ts';
import { rowWriter } from './row-writer.ts';
import { ConstraintError, InvalidParameterError } from './storage-errors.ts';
import type { AppSettingsTable, VersionsTable } from './tables.ts';
import { countOf, put, run, type ScratchRow } from './test-scratch.ts';
import type { SuiteStore } from './test-store.ts';

const insertSettings = prepared<AppSettingsTable, never>((db, p) =>
  db.insertInto('app_settings').values({
    id: p('id'),
    settings: p('settings'),
    revoke_tokens_issued_before: p('revoke_tokens_issued_before'),
    updated_at: p('updated_at'),
  }),
);
const selectSettings = prepared<Record<never, never>, AppSettingsTable>((db) =>
  db.selectFrom('app_settings').selectAll().orderBy('id'),
);
const selectVersions = prepared<{ names: string }, VersionsTable>((db, p, engine) =>
  db
    .selectFrom('versions')
    .selectAll()
    .where(inList(engine, 'name', p('names')))
    .orderBy('name'),
);

const writeScratch = rowWriter<ScratchRow>({
  // The suite's own table, which the schema does not have.
  table: 'scratch' as never,
  columns: { id: 'text', n: 'bigint', body: 'text', doc: 'json' },
  conflict: { key: 'id', update: ['n', 'doc'] },
});

const putBody = (handle: Handle, id: string, body: unknown): Promise<unknown> =>
  run(handle, 'insert into scratch (id, body) values (?, ?)', [id, body]);
const putDoc = (handle: Handle, id: string, doc: string): Promise<unknown> =>
  run(handle, 'insert into scratch (id, doc) values (?, ?)', [id, doc]);
const rowsOf = (handle: Handle): Promise<ScratchRow[]> =>
  run<ScratchRow>(handle, 'select id, n, body, doc from scratch order by id');

/** Part of the contract suite: what goes in comes out alike on every engine, or is refused alike. */
export function valueSuite({ db }: SuiteStore): void {
  describe('values', () => {
    test('[STO20] texts come back as they were, whatever the script', async () => {
      const texts = [
        '',
        ' ',
        "o'hara; drop table scratch --",
        'Ünïcödé 漢字 🤷🏽‍♀️',
        '\u200b\u202e\ufeff',
        '\n\t\\"',
        '\u{10ffff}',
      ];
      await db.write(async (tx) => {
        for (const [index, text] of texts.entries()) await putBody(tx, `t${index}`, text);
      });
      expect((await db.read(rowsOf)).map((row) => row.body)).toEqual(texts);
    });

    test('[STO20] integers up to 2^53 - 1, zero, negative ones and null come back as numbers and null', async () => {
      const numbers = [0, -1, 1_763_800_000_000, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
      await db.write(async (tx) => {
        for (const [index, n] of numbers.entries()) await put(tx, `n${index}`, n);
        await putBody(tx, 'null', null);
      });
      const rows = await db.read(rowsOf);
      expect(rows.map((row) => row.n)).toEqual([...numbers, null]);
      expect(rows.at(-1)).toEqual({ id: 'null', n: null, body: null, doc: null });
    });

    test('[STO20] counts, sums and averages are numbers; comparisons are 0 and 1', async () => {
      await db.write((tx) => Promise.all([put(tx, 'a', 1), put(tx, 'b', 2)]));
      const rows = await db.read((snapshot) =>
        run(
          snapshot,
          `select count(*) as count, sum(n) as sum, avg(n) as avg, max(n) > 1 as more,
            exists (select 1 from scratch where n = 9) as nine from scratch`,
        ),
      );
      expect(rows).toEqual([{ count: 2, sum: 3, avg: 1.5, more: 1, nine: 0 }]);
    });

    test('[STO21] JSON comes back as text that means the same', async () => {
      const docs = [
        {},
        [],
        { b: 1, a: [null, true, 'x\u0001"\\', 1.5, { deep: [] }] },
        'text',
        3,
        null,
        '🤷',
      ];
      await db.write(async (tx) => {
        for (const [index, doc] of docs.entries()) await putDoc(tx, `d${index}`, JSON.stringify(doc));
      });
      const rows = await db.read(rowsOf);
      expect(rows.map((row) => JSON.parse(row.doc ?? 'missing'))).toEqual(docs);
    });

    test('[STO22] a NUL, a lone surrogate, or one escaped inside JSON is refused, naming the parameter', async () => {
      const texts = ['a\0b', '\0', 'a\ud800', '\udc00', '{"a":"\\u0000"}', '["\\ud800"]', '"\\\\\\u0000"'];
      for (const text of texts) {
        const error = await db.write((tx) => putBody(tx, 'a', text)).catch((thrown: unknown) => thrown);
        expect(error, JSON.stringify(text)).toBeInstanceOf(InvalidParameterError);
        expect(error).toMatchObject({ position: 2 });
      }
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO22] a text that only spells an escape is no escape', async () => {
      const texts = ['\\u0000', '{\\u0000}', '{"a":"\\\\u0000"}', '["\\ud83e\\udd37"]', '\\\\u0000'];
      await db.write(async (tx) => {
        for (const [index, text] of texts.entries()) await putBody(tx, `t${index}`, text);
      });
      expect((await db.read(rowsOf)).map((row) => row.body)).toEqual(texts);
    });

    test('[STO23] what SQL has no value for is refused, naming the parameter', async () => {
      const values = [undefined, true, {}, [], 5n, new Date(0), Number.NaN, Infinity, 2 ** 53, -(2 ** 60)];
      for (const value of values) {
        const attempt = db.write((tx) => putBody(tx, 'a', value));
        await expect(attempt, String(value)).rejects.toThrow(/statement parameter 2 /);
      }
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO27] many rows are written as one, new or over others, or refused as one', async () => {
      const rows = [
        { id: 'a', n: Number.MAX_SAFE_INTEGER, body: '漢 "\\u0041" 🤷', doc: '{"b":[1,null,"x\\"y"]}' },
        { id: 'b', n: null, body: null, doc: null },
        { id: 'c', n: -1, body: '', doc: '"text"' },
      ];
      const meant = (list: readonly ScratchRow[]) =>
        list.map((row) => ({ ...row, doc: row.doc === null ? null : JSON.parse(row.doc) }));
      for (const some of [[], rows.slice(0, 1), rows]) {
        await db.write((tx) => writeScratch(tx, some));
        expect(meant(await db.read(rowsOf))).toEqual(meant(some));
      }
      const over = rows.map((row) => ({ ...row, n: 7, body: 'not written' }));
      await db.write((tx) => writeScratch(tx, over));
      expect(meant(await db.read(rowsOf))).toEqual(meant(rows.map((row) => ({ ...row, n: 7 }))));
      for (const bad of [{ body: 'a\0b' }, { body: '\ud800' }, { doc: '{"a":"\\u0000"}' }, { n: 2 ** 53 }]) {
        const attempt = db.write((tx) => writeScratch(tx, [...over, { ...over[0]!, ...bad, id: 'd' }]));
        await expect(attempt, JSON.stringify(bad)).rejects.toThrow(InvalidParameterError);
      }
      expect(await db.read(countOf)).toBe(3);
    });

    test('[STO24] texts compare and sort by their bytes', async () => {
      const sorted = ['', '-', 'A', 'B', '_', 'a', 'ab', 'b', 'é', '漢', '🤷'];
      await db.write((tx) =>
        Promise.all(
          sorted
            .toReversed()
            .map((name) =>
              run(
                tx,
                `insert into roles (name, "rank", built_in, created_at, updated_at) values (?, 1, 0, 1, 1)`,
                [name],
              ),
            ),
        ),
      );
      const names = async (condition: string, parameters: string[]) =>
        (
          await db.read((snapshot) =>
            run<{ name: string }>(
              snapshot,
              `select name from roles where ${condition} order by name`,
              parameters,
            ),
          )
        ).map((row) => row.name);
      expect(await names('1 = 1', [])).toEqual(sorted);
      expect(await names('name > ?', ['a'])).toEqual(['ab', 'b', 'é', '漢', '🤷']);
    });

    test('[STO25] a constraint that refuses says which kind it is', async () => {
      await db.write((tx) => put(tx, 'a', 1));
      const kindOf = (text: string) =>
        db
          .write((tx) => run(tx, text))
          .catch((error: unknown) => error instanceof ConstraintError && error.kind);
      expect(await kindOf(`insert into scratch (id) values ('a')`)).toBe('unique');
      expect(await kindOf(`insert into versions (name, version) values (null, 1)`)).toBe('not_null');
      expect(
        await kindOf(`insert into call_epochs (cid, user_id, epoch) values ('default:none', 'u', 1)`),
      ).toBe('foreign_key');
    });

    test('[STO26] a prepared statement fills its holes by name, again and again', async () => {
      const settings = JSON.stringify({ a: 1 });
      await db.write((tx) =>
        insertSettings.all(tx, { id: 1, settings, revoke_tokens_issued_before: null, updated_at: 5 }),
      );
      for (let round = 0; round < 3; round++) {
        const row = await db.read((snapshot) => selectSettings.first(snapshot, {}));
        expect(JSON.parse(row?.settings ?? '')).toEqual({ a: 1 });
        expect(row).toMatchObject({ id: 1, revoke_tokens_issued_before: null, updated_at: 5 });
      }
      await db.write((tx) => run(tx, 'delete from app_settings'));
      expect(await db.read((snapshot) => selectSettings.first(snapshot, {}))).toBeUndefined();
    });

    test('[STO26] a list of any length is one parameter', async () => {
      const find = (names: string[]) =>
        db.read((snapshot) => selectVersions.all(snapshot, { names: JSON.stringify(names) }));
      expect(await find([])).toEqual([]);
      expect(
        (await find(['roles', 'app', "it's", ...Array(500).fill('none')])).map((row) => row.name),
      ).toEqual(['app', 'roles']);
    });
  });
}
