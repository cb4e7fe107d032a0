import { join } from 'node:path';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import type { Location } from '@callgate/server/storage/reader.ts';
import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import { type RunningServer, startServer } from '../harness/index.ts';

const ENTRY = join(import.meta.dirname, 'entry.ts');

/** The server of entry.ts on a database of its own, which is read beside it. */
export interface CrashWorld {
  server: RunningServer;
  location: Location;
  discard(): Promise<void>;
}

export async function openCrashWorld(
  engine: TestEngine,
  settings: Record<string, string> = {},
): Promise<CrashWorld> {
  const empty = await engine.createEmpty();
  const isSqlite = engine.name === 'sqlite';
  const env = { ...settings, ...(!isSqlite && { DATABASE_URL: empty.location }) };
  const server = await startServer({ entry: ENTRY, readyWithinMs: 60_000, env });
  return {
    server,
    location: isSqlite ? { file: join(server.dataDir, SQLITE_FILE) } : { url: empty.location },
    async discard() {
      await server.discard();
      await empty.remove();
    },
  };
}
