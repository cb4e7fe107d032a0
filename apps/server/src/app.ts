import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import { seedApp } from './features/app-settings/index.ts';
import { createActs, createEnforcement, type SessionEndings } from './features/enforcement/index.ts';
import { type MediaPlane, noMediaPlane } from './features/media/index.ts';
import { createPolicyReader } from './features/policy/index.ts';
import { seedRoles } from './features/roles/index.ts';
import { createHttpServer } from './http/server.ts';
import type { Clock } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';
import { policySources } from './policy-sources.ts';
import type { AppHooks, Services } from './services.ts';
import type { Database } from './storage/database.ts';
import { migrate } from './storage/migrate.ts';

/** What the composition is made of: everything that a test may replace. */
export interface Parts {
  config: Config;
  clock: Clock;
  logger: Logger;
  database: Database;
  /** (Default: no media server.) */
  media?: MediaPlane;
  /** Absent in production. */
  hooks?: AppHooks;
}

/** Brings the database up to this version and puts in what ships with it; the same on every start. */
export async function prepareDatabase({ database, clock }: Pick<Parts, 'database' | 'clock'>): Promise<void> {
  await migrate(database, clock.now());
  await database.write(async (tx) => {
    await seedApp(tx, clock.now());
    await seedRoles(tx, clock.now());
  });
}

/** The features over one database: the only place where they are put together. */
export function createServices(parts: Parts): Services {
  const { config, clock, logger, database, media = noMediaPlane } = parts;
  const policy = createPolicyReader(policySources(), clock);
  const enforcement = createEnforcement({ database, clock, policy, media, endings });
  const acts = createActs({ database, clock, policy, enforcement });
  return { config, clock, logger, database, policy, media, enforcement, acts };
}

const endings: SessionEndings = { onSessionEnded: async () => [] };

/** The features and the HTTP server over them, not listening yet. */
export function createApp(parts: Parts & { credentials: { apiKey: string; apiSecret: string } }): {
  services: Services;
  server: FastifyInstance;
} {
  const services = createServices(parts);
  const { credentials, hooks } = parts;
  const server = createHttpServer({ services, credentials, ...(hooks && { hooks }) });
  return { services, server };
}
