import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '@callgate/server/storage/database.ts';
import { migrate } from '@callgate/server/storage/migrate.ts';
import { openPostgres } from '@callgate/server/storage/postgres.ts';
import { dumpSchema } from '@callgate/server/storage/schema-dump.ts';
import { openSqlite } from '@callgate/server/storage/sqlite.ts';
import { createDatabase, dropDatabase, nameIn, onServer } from '@callgate/server/storage/test-servers.ts';
import type { GeneratedFile } from './generated-file.ts';

/** docs/reference/schema.sqlite.sql: the schema as the migrations make it on SQLite. */
export const sqliteSchema: GeneratedFile = {
  path: 'docs/reference/schema.sqlite.sql',
  async make() {
    const folder = mkdtempSync(join(tmpdir(), 'callgate-schema-'));
    try {
      return await dumpOf(await openSqlite({ folder }));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** docs/reference/schema.postgres.sql: the schema as the migrations make it on PostgreSQL. */
export const postgresSchema: GeneratedFile = {
  path: 'docs/reference/schema.postgres.sql',
  needs: 'postgres',
  async make({ CALLGATE_TEST_POSTGRES_URL: server = '' }) {
    const url = await createDatabase(server);
    try {
      return await dumpOf(await openPostgres({ url }));
    } finally {
      await onServer(server, (client) => dropDatabase(client, nameIn(url)));
    }
  },
};

async function dumpOf(database: Database): Promise<string> {
  try {
    await migrate(database, 0);
    return await dumpSchema(database);
  } finally {
    await database.close();
  }
}
