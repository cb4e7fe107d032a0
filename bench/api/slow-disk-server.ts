import { fdatasync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createApp, prepareDatabase } from '@callgate/server/app.ts';
import { loadConfig, processEnvironment } from '@callgate/server/config.ts';
import { loadCredentials } from '@callgate/server/credentials.ts';
import { loadAuditKeys } from '@callgate/server/features/audit/index.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import { openSqlite } from '@callgate/server/storage/sqlite.ts';

/** The server of main.ts on SQLite, on a disk that takes this many milliseconds more for each sync. */
const DELAY_MS = 10;

const syncNow = promisify(fdatasync);
const config = loadConfig(processEnvironment(), process.cwd());
const database = await openSqlite({
  folder: config.dataDir,
  fdatasync: async (fd) => {
    await pause(DELAY_MS);
    await syncNow(fd);
  },
});
const app = createApp({
  config,
  clock: systemClock,
  logger: createLogger({ level: config.logLevel }),
  database,
  auditKeys: loadAuditKeys(config.dataDir, {}),
  credentials: loadCredentials(config),
});
await prepareDatabase(app.services);
await app.start();
process.once('SIGTERM', async () => {
  await app.stop();
  await database.close();
});
