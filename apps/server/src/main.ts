import { createApp, openDatabase, type Parts, prepareDatabase } from './app.ts';
import { firstBanner, laterBanner } from './banner.ts';
import { type Config, loadConfig, processEnvironment } from './config.ts';
import { loadCredentials } from './credentials.ts';
import { startEmbeddedMedia } from './embedded-media.ts';
import { loadAuditKeys } from './features/audit/index.ts';
import { isPlayPageBuilt } from './http/play-page.ts';
import { systemClock } from './kernel/clock.ts';
import { createLogger, type Logger } from './kernel/logger.ts';
import { startLinks, wantsStartLinks } from './play-links.ts';
import { startFailure } from './start-failure.ts';
import type { Database } from './storage/database.ts';

/** Opens everything, listens, says how to go on. Whatever was opened is closed again when a later step fails. */
async function main(): Promise<void> {
  const config = loadConfig(processEnvironment(), process.cwd());
  const logger = createLogger({ level: config.logLevel });
  const database = await openDatabase(config);
  try {
    await run(config, logger, database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function run(config: Config, logger: Logger, database: Database): Promise<void> {
  const credentials = loadCredentials(config);
  const { auditKey, auditSigningKey, dataDir } = config;
  const auditKeys = loadAuditKeys(dataDir, {
    chainKey: auditKey ?? undefined,
    signingKey: auditSigningKey ?? undefined,
  });
  const parts = { config, clock: systemClock, logger, database, auditKeys, credentials };
  await prepareDatabase(parts);
  const embedded = await startEmbeddedMedia(config, logger);
  try {
    await serve({ ...parts, ...(embedded && { embedded }) }, async () => embedded?.stop());
  } catch (error) {
    // A server that does not start leaves no child, which would keep it from ending.
    await embedded?.stop();
    throw error;
  }
}

/** `after` runs once the server has stopped: acts that were under way still reached the media server. */
async function serve(
  parts: Parts & { credentials: ReturnType<typeof loadCredentials> },
  after: () => Promise<void>,
): Promise<void> {
  const { config, credentials, logger, database } = parts;
  const app = createApp(parts);
  const port = await app.start().catch(async (error: unknown) => {
    await app.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    try {
      await app.stop();
    } finally {
      await after();
    }
  };
  stopOnSignals(stop, database, logger);
  const banner = credentials.isNew ? firstBanner : laterBanner;
  const wantsLinks = wantsStartLinks(config) && isPlayPageBuilt();
  const isTerminal = process.stdout.isTTY === true;
  const links = wantsLinks ? await startLinks(app.services, { port, isTerminal }).catch(noLinks(logger)) : '';
  const told = links === '' ? '' : `\n${links}\n`;
  process.stdout.write(`${banner(config, port, credentials.apiKey)}\n${told}`);
}

/** Links are a welcome, not a condition: without them the server runs as ever. */
const noLinks =
  (logger: Logger) =>
  (err: unknown): string => {
    logger.error({ err }, 'the links of the start could not be made');
    return '';
  };

/** Stops once, on the first signal; a second one ends the process at once. */
function stopOnSignals(stopApp: () => Promise<void>, database: Database, logger: Logger): void {
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    process.once(signal, () => process.exit(1));
    logger.info({ signal }, 'stopping');
    try {
      await stopApp();
      await database.close();
    } catch (error) {
      logger.error({ err: error }, 'stopping failed');
      process.exitCode = 1;
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${startFailure(error)}\n`);
  process.exitCode = 1;
}
