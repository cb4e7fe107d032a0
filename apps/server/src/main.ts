import { createApp, prepareDatabase } from './app.ts';
import { loadConfig, processEnvironment } from './config.ts';
import { systemClock } from './kernel/clock.ts';
import { createLogger } from './kernel/logger.ts';
import { openSqlite } from './storage/sqlite.ts';

const config = loadConfig(processEnvironment(), process.cwd());
const logger = createLogger({ level: config.logLevel });
const database = await openSqlite({ folder: config.dataDir });
const parts = { config, clock: systemClock, logger, database };
await prepareDatabase(parts);
const { server } = createApp({
  ...parts,
  credentials: { apiKey: config.apiKey ?? 'key', apiSecret: config.apiSecret ?? '' },
});
await server.listen({ host: config.host, port: config.port });
