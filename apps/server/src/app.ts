import { randomUUID } from 'node:crypto';
import type { SessionId } from '@callgate/contract';
import type { FastifyInstance } from 'fastify';
import type { Config } from './config.ts';
import type { AppCredentials } from './credentials.ts';
import { seedApp } from './features/app-settings/index.ts';
import { type AuditKeys, createSequencer } from './features/audit/index.ts';
import { seedCallTypes } from './features/call-types/index.ts';
import { createDoor, endCutOffJoins, sessionEndings } from './features/calls/index.ts';
import { createActs, createEnforcement, createSweep } from './features/enforcement/index.ts';
import { createEventOrder } from './features/events/index.ts';
import { createAddressBans } from './features/ip-bans/index.ts';
import {
  createJoinTokens,
  createOpenDoors,
  type MediaPlane,
  noMediaPlane,
  serviceRules,
} from './features/media/index.ts';
import { createPolicyReader } from './features/policy/index.ts';
import { ringMembers } from './features/ringing/index.ts';
import { seedRoles } from './features/roles/index.ts';
import { createTaskWorker, EXPORT_TASK, fanOuts } from './features/tasks/index.ts';
import { createTimers, seedPurges } from './features/timers/index.ts';
import {
  exportHandler,
  signUserToken,
  type UserTokenClaims,
  userTaskHandlers,
} from './features/users/index.ts';
import { createWebhooks } from './features/webhooks/index.ts';
import { isForDoor } from './gateway/knocking.ts';
import { createGate } from './http/admit.ts';
import { createHttpServer } from './http/server.ts';
import { createSocketDoor } from './http/socket-door.ts';
import type { Clock } from './kernel/clock.ts';
import type { Logger } from './kernel/logger.ts';
import { createLiveKitPlane, type LiveKitOptions } from './livekit/livekit-adapter.ts';
import { createMediaGateway } from './media-gateway.ts';
import { mediaSources } from './media-sources.ts';
import { PERSON_SOURCES } from './person-data.store.ts';
import { policySources } from './policy-sources.ts';
import type { AppHooks, CoreServices, Services } from './services.ts';
import type { Database, StorageHooks } from './storage/database.ts';
import { migrate } from './storage/migrate.ts';
import { openPostgres } from './storage/postgres.ts';
import { openSqlite } from './storage/sqlite.ts';
import { PURGE_NAMES, timerHandlers } from './timer-handlers.ts';
import { createSockets } from './ws/sockets.ts';

/** What the composition is made of: everything that a test may replace. */
export interface Parts {
  config: Config;
  clock: Clock;
  logger: Logger;
  database: Database;
  auditKeys: AuditKeys;
  /** What tokens for guests and webhooks are signed with; without them neither can be made. */
  credentials?: AppCredentials;
  /** (Default: what the configuration names.) */
  media?: MediaPlane;
  /** The media server of this process, where it has one. */
  embedded?: LiveKitOptions;
  /** Absent in production. */
  hooks?: AppHooks;
}

/** Opens the store that the configuration names: PostgreSQL, or SQLite in the data folder. */
export function openDatabase(config: Config, hooks?: StorageHooks): Promise<Database> {
  const tested = hooks && { hooks };
  if (config.databaseUrl === null) return openSqlite({ folder: config.dataDir, ...tested });
  return openPostgres({ url: config.databaseUrl, maxConnections: config.databaseConnections, ...tested });
}

/** Brings the database up to this version and puts in what ships with it; the same on every start. */
export async function prepareDatabase({ database, clock }: Pick<Parts, 'database' | 'clock'>): Promise<void> {
  await migrate(database, clock.now());
  await database.write(async (tx) => {
    await seedApp(tx, clock.now());
    await seedRoles(tx, clock.now());
    await seedCallTypes(tx, clock.now());
    await seedPurges(tx, PURGE_NAMES, clock.now());
  });
}

/** The features over one database: the only place where they are put together. Nothing runs by itself yet. */
export function createServices(parts: Parts): CoreServices {
  const { config, clock, logger, database, auditKeys, media = mediaPlane(config, parts.embedded) } = parts;
  const addressBans = createAddressBans({ trustedProxies: config.trustedProxies });
  const policy = createPolicyReader(policySources(addressBans, clock), clock);
  const onFailure = (err: unknown, job_id: string | null) =>
    logger.error({ err, job_id }, 'an act is durable, its enforcement failed and is tried again');
  const endings = sessionEndings;
  const eventOrder = createEventOrder({ database, clock, logger, hooks: parts.hooks });
  const onEvents = () => eventOrder.wake();
  const doors = createOpenDoors();
  const serviceRuling = serviceRules(config.serviceKeys, config.serviceKinds);
  const judge = { policy, sources: mediaSources, services: serviceRuling };
  const binding = { database, clock, media, doors, endings, ...judge };
  const node = randomUUID();
  const enforcement = createEnforcement({ ...binding, fanOuts, onFailure, onEvents, node });
  const door = createDoor({ database, clock, policy, enforcement, judge, onEvents, node });
  const lost = (id: SessionId, participantSid: string | null) => door.lost(id, participantSid);
  const { found } = door;
  const comparing = { database, clock, logger, media, judge, enforcement };
  const sweep = createSweep({ ...comparing, lost, found, node });
  const joinTokens = createJoinTokens(() => demandCredentials(parts.credentials).apiSecret);
  const sequencer = createSequencer({ database, clock, keys: auditKeys, folder: config.dataDir, logger });
  const userTokens = userTokenSigner(parts.credentials);
  const onAudit = () => sequencer.wake();
  const acts = createActs({ database, clock, policy, enforcement, onAudit, onEvents, hooks: parts.hooks });
  const timers = createTimers({ database, clock, logger, handlers: timerHandlers(acts, config) });
  const handlers = {
    ...userTaskHandlers(acts),
    [EXPORT_TASK]: exportHandler({ database, clock, sources: PERSON_SOURCES }),
  };
  const tasks = createTaskWorker({ database, clock, logger, handlers, hooks: parts.hooks });
  const webhooks = createWebhooks({
    database,
    clock,
    logger,
    credentials: () => demandCredentials(parts.credentials),
    rules: { allowPrivate: config.webhookAllowPrivate },
    ...(parts.hooks && { hooks: parts.hooks }),
  });
  eventOrder.onOrdered(() => webhooks.wake());
  return {
    config,
    apiKey: parts.credentials?.apiKey ?? '',
    clock,
    logger,
    database,
    policy,
    media,
    enforcement,
    judge,
    door,
    doors,
    joinTokens,
    sweep,
    acts,
    rings: ringMembers,
    addressBans,
    userTokens,
    sequencer,
    eventOrder,
    timers,
    tasks,
    webhooks,
  };
}

/** The media server inside, or LiveKit where the configuration names it. */
function mediaPlane(config: Config, embedded: LiveKitOptions | undefined): MediaPlane {
  const { livekitUrl: url, livekitApiKey: apiKey, livekitApiSecret: apiSecret } = config;
  if (embedded) return createLiveKitPlane(embedded);
  if (url === null || apiKey === null || apiSecret === null) return noMediaPlane;
  return createLiveKitPlane({ url, apiKey, apiSecret });
}

const userTokenSigner =
  (credentials: AppCredentials | undefined) =>
  (claims: UserTokenClaims): string =>
    signUserToken(demandCredentials(credentials).apiSecret, claims);

function demandCredentials(credentials: AppCredentials | undefined): AppCredentials {
  if (!credentials) throw new Error('no credentials were handed in to sign with');
  return credentials;
}

/** The server in one piece. */
export interface App {
  services: Services;
  server: FastifyInstance;
  /** Takes up what a crash left behind, starts the workers and listens; resolves with the port. */
  start(): Promise<number>;
  /**
   * Stops accepting, lets running requests finish for `stopTimeoutMs` at most, writes down what is in memory and
   * seals the audit chain. The database stays open.
   */
  stop(): Promise<void>;
}

/** The features and the HTTP server over them, not running yet. */
export function createApp(parts: Parts & { credentials: AppCredentials }): App {
  const core = createServices(parts);
  const { config, credentials, hooks } = parts;
  const gate = createGate({ services: core, credentials });
  const entrance = createSocketDoor(core, gate);
  const { apiSecret: secret } = credentials;
  const sockets = createSockets({ ...core, order: core.eventOrder, secret, door: entrance });
  const services = { ...core, sockets };
  const gateway = createMediaGateway(core, entrance);
  const server = createHttpServer({ services, credentials, gateway, ...(hooks && { hooks }) }, gate);
  server.server.on('upgrade', (message, socket, head) =>
    (isForDoor(message) ? gateway : sockets).upgrade(message, socket, head),
  );
  return {
    services,
    server,
    async start() {
      await services.sequencer.start();
      await services.eventOrder.start();
      await sockets.start();
      await services.enforcement.start();
      services.sweep.start();
      services.timers.start();
      await endCutOffJoins(services);
      await services.tasks.start();
      await services.webhooks.start();
      await server.listen({ host: config.host, port: config.port });
      const address = server.server.address();
      return typeof address === 'object' && address !== null ? address.port : config.port;
    },
    async stop() {
      await sockets.close();
      await gateway.close();
      const cut = setTimeout(() => server.server.closeAllConnections(), config.stopTimeoutMs);
      await server.close();
      clearTimeout(cut);
      await services.tasks.close();
      await services.timers.close();
      await services.sweep.close();
      await services.enforcement.close();
      await services.eventOrder.close();
      await services.webhooks.close();
      await services.sequencer.close();
    },
  };
}
