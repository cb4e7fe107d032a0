import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, createApp, prepareDatabase } from '@callgate/server/app.ts';
import { loadConfig } from '@callgate/server/config.ts';
import { loadAuditKeys } from '@callgate/server/features/audit/index.ts';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import type { Services } from '@callgate/server/services.ts';
import type { Database } from '@callgate/server/storage/database.ts';
import type { TestEngine } from '@callgate/server/storage/test-databases.ts';
import { type Client, createClient } from '../harness/client.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
export const CREDENTIALS = { apiKey: 'model-key', apiSecret: 'model-secret-long-enough-for-hs256' };
const OPEN_LIMITS = Object.fromEntries(
  ['USER', 'MODERATION', 'APP', 'SERVER', 'ADDRESS'].map((name) => [
    `CALLGATE_RATE_LIMIT_${name}`,
    '1000000000',
  ]),
);

/** What a planted fault changes of the composition; `faults.ts` lists them. */
export interface Patch {
  /** Stands between the features and the store. */
  wrap?(database: Database): Database;
  /** Changes the composed parts, on each start. */
  patch?(services: Services): void;
  /** Runs on the open store before a restart closes it. */
  beforeRestart?(database: Database): Promise<void>;
}

/** The whole server over a store of its own, listening on loopback, with a clock that the test turns. */
export interface ModelWorld {
  readonly services: Services;
  readonly client: Client;
  /** `http://127.0.0.1:<port>`. */
  readonly baseUrl: string;
  readonly clock: { now(): number; advance(ms: number): void };
  /** Time passes, and what the server does by then is done. */
  pass(ms: number): Promise<void>;
  /** A number that no history of this world had. */
  nextHistory(): number;
  /** Closes everything and opens it again on the same data. */
  restart(): Promise<void>;
  discard(): Promise<void>;
}

interface Running {
  app: App;
  database: Database;
  client: Client;
  baseUrl: string;
}

/** Starts a world; whoever starts it discards it. */
export async function openWorld(engine: TestEngine, fault: Patch = {}): Promise<ModelWorld> {
  const place = await engine.createEmpty();
  const folder = await mkdtemp(join(tmpdir(), 'callgate-model-'));
  const clock = turnable();
  let running = await start(place.open, folder, clock, fault);
  let histories = 0;
  return {
    get services() {
      return running.app.services;
    },
    get client() {
      return running.client;
    },
    get baseUrl() {
      return running.baseUrl;
    },
    clock,
    async pass(ms) {
      clock.advance(ms);
      await running.app.services.timers.tick();
    },
    nextHistory: () => ++histories,
    async restart() {
      await fault.beforeRestart?.(running.database);
      await stop(running);
      running = await start(place.open, folder, clock, fault);
    },
    async discard() {
      await stop(running);
      await place.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function start(
  open: () => Promise<Database>,
  folder: string,
  clock: { now(): number },
  fault: Patch,
): Promise<Running> {
  const database = await open();
  const environment = {
    PORT: '0',
    CALLGATE_DATA_DIR: folder,
    CALLGATE_TRUSTED_PROXIES: '127.0.0.1',
    ...OPEN_LIMITS,
  };
  const app = createApp({
    config: loadConfig(environment, folder),
    clock,
    logger: createLogger({ level: 'silent' }),
    database: fault.wrap?.(database) ?? database,
    auditKeys: loadAuditKeys(folder),
    credentials: CREDENTIALS,
  });
  await prepareDatabase({ database, clock });
  fault.patch?.(app.services);
  const port = await app.start();
  const baseUrl = `http://127.0.0.1:${port}`;
  return { app, database, baseUrl, client: createClient({ baseUrl, ...CREDENTIALS }) };
}

async function stop({ app, database, client }: Running): Promise<void> {
  await client.close();
  await app.stop();
  await database.close();
}

function turnable(): { now(): number; advance(ms: number): void } {
  let time = START;
  return {
    now: () => time,
    advance: (ms) => {
      time += ms;
    },
  };
}
