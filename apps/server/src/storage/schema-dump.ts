import type { Database, Handle } from './database.ts';
import { rawStatement } from './prepared.ts';

/** A column as the engine has it. */
export interface SchemaColumn {
  table: string;
  column: string;
  type: string;
  nullable: boolean;
  /** PostgreSQL: the collation of a text column; null elsewhere. */
  collation: string | null;
}

/** Tables that are not of tables.ts: the list of migrations, and SQLite's own. */
const isOurs = (table: string): boolean => table !== 'migrations' && !table.startsWith('sqlite_');

/** The schema as SQL text: tables by name, then their indexes. The same for the same schema, so it can be committed. */
export async function dumpSchema(database: Database): Promise<string> {
  const statements = await database.read((snapshot) =>
    database.engine === 'sqlite' ? sqliteStatements(snapshot) : postgresStatements(snapshot),
  );
  return `-- The schema on ${database.engine}, generated from the migrations. Do not edit.\n\n${statements.join('\n\n')}\n`;
}

interface ColumnRow {
  table: string;
  column: string;
  type: string;
  nullable: 0 | 1;
  collation: string | null;
}

/** The columns of all tables of tables.ts, by table and place. */
export async function columnsOf(database: Database): Promise<SchemaColumn[]> {
  const text = database.engine === 'sqlite' ? SQLITE_COLUMNS : POSTGRES_COLUMNS;
  const rows = await database.read((snapshot) => snapshot.run(rawStatement<ColumnRow>(text)));
  return rows
    .filter((row) => isOurs(row.table))
    .map((row) => ({ ...row, nullable: row.nullable === 1, type: row.type.toLowerCase() }));
}

const SQLITE_COLUMNS = `select t.name as "table", c.name as "column", c.type as type, c."notnull" = 0 as nullable,
    null as collation
  from sqlite_schema t join pragma_table_info(t.name) c where t.type = 'table' order by t.name, c.cid`;

const POSTGRES_COLUMNS = `select table_name as "table", column_name as "column", data_type as type,
    is_nullable = 'YES' as nullable, collation_name as collation
  from information_schema.columns where table_schema = 'public' order by table_name collate "C", ordinal_position`;

async function sqliteStatements(snapshot: Handle): Promise<string[]> {
  const rows = await snapshot.run(
    rawStatement<{ table: string; text: string }>(
      `select tbl_name as "table", sql as text from sqlite_schema where sql is not null
        order by tbl_name, type desc, name`,
    ),
  );
  return rows.filter((row) => isOurs(row.table)).map((row) => `${unindented(row.text)};`);
}

/** The statements keep the line breaks of the migration's source, not its indentation. */
const unindented = (text: string): string => text.replaceAll(/\n\s+/g, '\n  ');

async function postgresStatements(snapshot: Handle): Promise<string[]> {
  const run = async (text: string) =>
    (await snapshot.run(rawStatement<{ table: string; text: string }>(text))).filter((row) =>
      isOurs(row.table),
    );
  const columns = await run(POSTGRES_COLUMN_TEXTS);
  const constraints = await run(POSTGRES_CONSTRAINTS);
  const indexes = await run(POSTGRES_INDEXES);
  const of = (rows: { table: string; text: string }[], table: string) =>
    rows.filter((row) => row.table === table).map((row) => row.text);
  return [...new Set(columns.map((row) => row.table))].flatMap((table) => [
    `create table ${table} (\n  ${[...of(columns, table), ...of(constraints, table)].join(',\n  ')}\n);`,
    ...of(indexes, table).map((text) => `${text};`),
  ]);
}

const POSTGRES_COLUMN_TEXTS = `select c.relname as "table",
    quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
      || case when a.attcollation <> t.typcollation then ' collate ' || quote_ident(l.collname) else '' end
      || case when a.attnotnull then ' not null' else '' end
      || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as text
  from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_collation l on l.oid = a.attcollation
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by c.relname, a.attnum`;

const POSTGRES_CONSTRAINTS = `select c.relname as "table",
    'constraint ' || quote_ident(o.conname) || ' ' || pg_get_constraintdef(o.oid) as text
  from pg_constraint o join pg_class c on c.oid = o.conrelid
  where c.relnamespace = 'public'::regnamespace and o.contype <> 'n' order by c.relname, o.contype <> 'p', o.conname`;

const POSTGRES_INDEXES = `select c.relname as "table", pg_get_indexdef(i.indexrelid) as text
  from pg_index i join pg_class c on c.oid = i.indrelid join pg_class x on x.oid = i.indexrelid
  where c.relnamespace = 'public'::regnamespace
    and not exists (select 1 from pg_constraint o where o.conindid = i.indexrelid and o.contype in ('p', 'u'))
  order by c.relname, x.relname`;
