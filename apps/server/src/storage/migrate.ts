import type { Database, Handle, Tx } from './database.ts';
import { type Migration, STATEMENT_WITHOUT_LIMIT } from './migration.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { rawStatement } from './prepared.ts';

/** The database was made by a newer Callgate. */
export class NewerSchemaError extends Error {
  override name = 'NewerSchemaError';
}

/**
 * Brings the schema up to this version in one transaction; does nothing when it is there already.
 * Throws `NewerSchemaError` when the database has migrations that this version does not know.
 */
export async function migrate(database: Database, now: number): Promise<string[]> {
  return database.write(async (tx) => {
    await tx.lock('app');
    if (tx.engine === 'postgres') await tx.run(rawStatement(STATEMENT_WITHOUT_LIMIT));
    await tx.run(
      rawStatement(
        'create table if not exists migrations (id text primary key, name text not null, applied_at bigint not null)',
      ),
    );
    const applied = new Set((await appliedMigrations(tx)).map((row) => row.id));
    refuseNewer(applied);
    const missing = MIGRATIONS.filter((migration) => !applied.has(migration.id));
    for (const migration of missing) await apply(tx, migration, now);
    return missing.map((migration) => migration.id);
  });
}

/** Ids of the migrations that made the schema, in order. */
export const appliedMigrations = (handle: Handle): Promise<{ id: string }[]> =>
  handle.run(rawStatement<{ id: string }>('select id from migrations order by id'));

/** Ids of the migrations that this version knows, in order. */
export const knownMigrations = (): string[] => MIGRATIONS.map(({ id }) => id);

function refuseNewer(applied: ReadonlySet<string>): void {
  const known = new Set(MIGRATIONS.map((migration) => migration.id));
  const unknown = [...applied].filter((id) => !known.has(id));
  if (unknown.length === 0) return;
  throw new NewerSchemaError(
    `The database has migration ${unknown.join(', ')}, which this version of Callgate does not know. Start the version that made it, or restore a backup made before the upgrade.`,
  );
}

async function apply(tx: Tx, migration: Migration, now: number): Promise<void> {
  for (const statement of migration.statements(tx.engine === 'sqlite' ? 'text' : 'jsonb', tx.engine)) {
    await tx.run(rawStatement(tx.engine === 'sqlite' ? statement : orderedByBytes(statement)));
  }
  const mark = tx.engine === 'sqlite' ? '?, ?, ?' : '$1, $2, $3';
  await tx.run(
    rawStatement(`insert into migrations (id, name, applied_at) values (${mark})`, [
      migration.id,
      migration.name,
      now,
    ]),
  );
}

/**
 * Text columns compare and sort by bytes on both engines, so that lists page alike: SQLite does by itself, on
 * PostgreSQL the order would otherwise be the one that the cluster was made with.
 */
const orderedByBytes = (statement: string): string =>
  /^\s*(create|alter) table/.test(statement)
    ? statement.replaceAll(/\btext\b(?=[\s,)]|$)/g, 'text collate "C"')
    : statement;
