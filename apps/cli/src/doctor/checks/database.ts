import type { Handle } from '@callgate/server/storage/database.ts';
import { appliedMigrations, knownMigrations } from '@callgate/server/storage/migrate.ts';
import { postgresFacts } from '../doctor.store.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';

/** The oldest PostgreSQL that the suite runs on. */
const OLDEST_POSTGRES = 150_000;

/** Whether the database can be read, and is one that this version works with. */
export const database: Check = {
  name: 'database',
  async run(facts) {
    try {
      const handle = await facts.database();
      if (!handle) return [notMade(facts)];
      const misfit = handle.engine === 'postgres' ? await postgresMisfit(handle) : undefined;
      return [misfit ?? (await schema(handle, facts))];
    } catch (error) {
      return [unreadable(error, facts)];
    }
  },
};

const notMade = ({ server, config }: Facts): Finding =>
  server.kind === 'ours'
    ? fault(
        `The server runs, and there is no database in ${config.dataDir}.`,
        'It works in another folder: name that one with --data-dir or CALLGATE_DATA_DIR.',
      )
    : ok(`There is no database in ${config.dataDir} yet; the first start makes it.`);

const unreadable = (error: unknown, { config }: Facts): Finding =>
  fault(
    `The database cannot be read: ${error instanceof Error ? error.message : String(error)}`.replace(
      /\.?$/,
      '.',
    ),
    config.databaseUrl === null
      ? 'Restore the newest backup into an empty folder (docs/guides/backup.md) and keep this folder for a look at what happened.'
      : 'See that PostgreSQL runs, that DATABASE_URL names its host, database, user and password, and that pg_hba.conf lets this machine in.',
  );

async function postgresMisfit(handle: Handle): Promise<Finding | undefined> {
  const { version, encoding } = await postgresFacts(handle);
  if (version < OLDEST_POSTGRES)
    return fault(`PostgreSQL is version ${Math.floor(version / 10_000)}.`, 'Upgrade it to 15 or newer.');
  if (encoding === 'UTF8') return undefined;
  return fault(
    `The database is in ${encoding}.`,
    'Make one in UTF-8: createdb --encoding UTF8 --template template0.',
  );
}

async function schema(handle: Handle, { server }: Facts): Promise<Finding> {
  const known = knownMigrations();
  const applied = await migrationsOf(handle);
  if (applied === undefined) return ok('The database is empty; the first start makes the tables.');
  const newer = applied.filter((id) => !known.includes(id));
  const missing = known.filter((id) => !applied.includes(id));
  if (newer.length > 0)
    return fault(
      `The database was made by a newer Callgate (migration ${newer.join(', ')}): this version does not start on it.`,
      'Start the version that made it, or restore the backup from before the upgrade.',
    );
  if (missing.length > 0)
    return warning(
      `The next start changes the tables (${missing.length} migrations: ${missing.join(', ')}), and no older version starts on them then.`,
      server.kind === 'ours'
        ? 'The running server is an older one: make a backup, then start this version.'
        : 'Make a backup first: npx callgate backup.',
    );
  return ok(`The database (${handle.engine}) has the tables of this version.`);
}

/** Undefined: there are no tables yet. */
async function migrationsOf(handle: Handle): Promise<string[] | undefined> {
  try {
    return (await appliedMigrations(handle)).map(({ id }) => id);
  } catch (error) {
    if (error instanceof Error && /migrations/.test(error.message)) return undefined;
    throw error;
  }
}
