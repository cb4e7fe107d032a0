import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { columnsOf, dumpSchema, type SchemaColumn } from './schema-dump.ts';
import { testEngines } from './test-databases.ts';

const ROOT = join(import.meta.dirname, '../../../..');

interface DeclaredColumn {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
}

/** What the files of tables declare, read from their text: types are gone when it runs. */
function declaredColumns(): DeclaredColumn[] {
  const source = ['tables.ts', 'work-tables.ts', 'webhook-tables.ts']
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'))
    .join('\n');
  const interfaces = new Map(
    [...source.matchAll(/export interface (\w+) \{\n([\s\S]*?)\n\}/g)].map(([, name = '', body = '']) => [
      name,
      body,
    ]),
  );
  return fieldsOf(interfaces.get('Tables') ?? '').flatMap(({ name: table, type: row }) =>
    fieldsOf(interfaces.get(row) ?? '').map(({ name: column, type }) => ({
      table,
      column,
      type: type.replace(' | null', ''),
      nullable: type.endsWith(' | null'),
    })),
  );
}

const fieldsOf = (body: string): { name: string; type: string }[] =>
  [...body.matchAll(/^ {2}(\w+): ([^;]+);$/gm)].map(([, name = '', type = '']) => ({ name, type }));

/** The column type of a declared type. */
function expectedType(engine: string, type: string): string {
  if (type === 'Json') return engine === 'sqlite' ? 'text' : 'jsonb';
  if (type === 'JsonText') return 'text';
  if (type === 'Flag') return 'smallint';
  if (type === 'Millis' || type === 'number' || /^\d+$/.test(type)) return 'bigint';
  return 'text';
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    const db = engine.open({ per: 'block' });

    test('[STO60] the tables are those of tables.ts: columns, types, and what may be null', async () => {
      const declared = declaredColumns();
      expect(new Set(declared.map(({ table }) => table)).size).toBeGreaterThan(20);
      const expected = declared.map(({ table, column, type, nullable }) => ({
        table,
        column,
        nullable,
        type: expectedType(engine.name, type),
      }));
      const actual = (await columnsOf(db)).map(({ table, column, nullable, type }) => ({
        table,
        column,
        nullable,
        type,
      }));
      const byName = (a: SchemaKey, b: SchemaKey) =>
        `${a.table}.${a.column}`.localeCompare(`${b.table}.${b.column}`);
      expect(actual.sort(byName)).toEqual(expected.sort(byName));
    });

    test('[STO24] every text column sorts by bytes', async () => {
      const texts = (await columnsOf(db)).filter(({ type }) => type === 'text');
      expect(texts.length).toBeGreaterThan(50);
      const collation = engine.name === 'sqlite' ? null : 'C';
      expect(texts.filter((column) => column.collation !== collation)).toEqual([]);
    });

    test('[STO61] the committed dump is the schema that the migrations make', async () => {
      const committed = readFileSync(join(ROOT, `docs/reference/schema.${engine.name}.sql`), 'utf8');
      expect(await dumpSchema(db)).toBe(committed);
    });
  });
}

type SchemaKey = Pick<SchemaColumn, 'table' | 'column'>;
