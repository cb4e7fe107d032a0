import type { IncomingMessage } from 'node:http';
import { CONNECT_PATH } from '@callgate/contract';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { monotonicMs } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import { newId } from '../kernel/id.ts';
import type { Services } from '../services.ts';
import { addressReader } from './address.ts';
import { createGate, showIdleQuota } from './admit.ts';
import { createBulkBodyReader, LONG_BODY_BYTES } from './bulk-body.ts';
import { answerClientErrors } from './client-errors.ts';
import { allowOrigins } from './cors.ts';
import { serveDocs } from './docs.ts';
import { serveHealth } from './health.ts';
import { hostChecker } from './host-check.ts';
import type { HttpOptions } from './http-options.ts';
import { parseJsonBytes } from './json-body.ts';
import { knownError } from './known-error.ts';
import { serveMediaDoor } from './media-door.ts';
import { createMetrics } from './metrics.ts';
import { servePlayPage } from './play-page.ts';
import { createProxyWatch } from './proxy-watch.ts';
import type { RateLimits } from './rate-limits.ts';
import { EVERY_REPLY, sendError } from './reply.ts';
import { pathOf, saneRequestId } from './request-context.ts';
import { logRequests } from './request-log.ts';
import { featureRoutes } from './routes/index.ts';
import { serveMetrics } from './serve-metrics.ts';
import { operationRouter, type RouteConfig } from './serve-operation.ts';
import { answerUnknownPaths } from './unknown-paths.ts';

/** Longest path parameter that is handed to the schemas, which then say what is wrong with it. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** How often Node looks for requests that take too long, in milliseconds. */
const TIMEOUT_CHECK_MS = 1000;

/** In the lower case that Fastify sends: a name that it has to lower first costs 0.06 µs, and a reply has eleven. */
const HEADERS = Object.fromEntries(
  Object.entries(EVERY_REPLY).map(([name, value]) => [name.toLowerCase(), value]),
);

/** The HTTP server with every route; not listening yet. */
export function createHttpServer(options: HttpOptions, gate = createGate(options)): FastifyInstance {
  const app = bareServer(options.services, gate.limits);
  const metrics = createMetrics(app, options, gate.limits);
  app.addHook('onClose', async () => metrics.close());
  app.addHook('onError', async (_request, _reply, error) =>
    metrics.refused(error instanceof ApiError ? error.kind : 'internal'),
  );
  serveMetrics(app, metrics, gate, options.services);
  serveDocs(app);
  servePlayPage(app, options.services.config);
  serveMediaDoor(app, options.services, options.gateway);
  const route = operationRouter(app, gate, options.hooks);
  for (const routes of featureRoutes) routes(route, options.services);
  answerUnknownPaths(app);
  return app;
}

function bareServer(services: Services, limits: RateLimits): FastifyInstance {
  const { config, clock, logger } = services;
  const addressOf = addressReader(config.trustedProxies);
  const proxies = createProxyWatch(logger);
  const begin = (request: FastifyRequest, reply: FastifyReply): void => {
    const client = addressOf(request.raw);
    request.context = { startedMs: monotonicMs(), client };
    proxies.note(client);
    reply.headers(HEADERS).header('x-request-id', request.id);
    showIdleQuota(limits, request, reply);
  };
  const app = fastify({
    logger: false,
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs,
    // While the server stops, what arrives on an open connection is still answered, by our own handlers.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    genReqId: (message) => saneRequestId(message.headers['x-request-id']) ?? newId(clock.now()),
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    clientErrorHandler: answerClientErrors(config),
    // A path that cannot be read comes here without the hooks.
    frameworkErrors: (error, request, reply) => {
      begin(request, reply);
      void sendError(request, reply, knownError(error, config.bodyLimitBytes));
    },
    http: {
      maxHeaderSize: config.headerLimitBytes,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, config.headersTimeoutMs),
      // Node would answer a request without `Host` with an empty 400; ours is the documented 421.
      requireHostHeader: false,
      shouldUpgradeCallback: isOurUpgrade,
    },
  });
  app.server.maxConnections = config.maxConnections;
  // Node would answer an unknown `Expect` with an empty 417; it is passed over, as HTTP permits.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  const isOurs = hostChecker(config);
  app.decorateRequest('context');
  app.addHook('onRequest', (request, reply, done) => {
    begin(request, reply);
    done(isOurs(request.headers.host) ? undefined : misdirected());
  });
  allowOrigins(app, config.allowedOrigins);
  logRequests(app, logger);
  acceptJsonOnly(app);
  serveHealth(app, services, proxies);
  app.setErrorHandler((error, request, reply) => {
    const known = knownError(error, request.routeOptions.bodyLimit ?? config.bodyLimitBytes);
    if (known.kind === 'internal' || known.kind === 'overloaded') {
      logger.error(
        { requestId: request.id, method: request.method, path: pathOf(request), err: error },
        'request failed',
      );
    }
    return sendError(request, reply, known);
  });
  return app;
}

/** Event sockets, and the door for media clients. */
const UPGRADES: ReadonlySet<string> = new Set([CONNECT_PATH, '/rtc', '/rtc/v1']);

/** Everything else that offers to upgrade (curl does, to HTTP/2) is answered as if it had not. */
const isOurUpgrade = ({ url = '', headers }: IncomingMessage): boolean =>
  UPGRADES.has(url.split('?', 1)[0] ?? '') && headers.upgrade?.toLowerCase() === 'websocket';

const misdirected = (): ApiError =>
  new ApiError(
    'misdirected',
    'the header Host names another server; the operator lists names in CALLGATE_ALLOWED_HOSTS',
  );

function acceptJsonOnly(app: FastifyInstance): void {
  const bulk = createBulkBodyReader();
  app.addHook('onClose', () => bulk.close());
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    const { operation, isBulk } = request.routeOptions.config as RouteConfig;
    if (isBulk && operation && bytes.length > LONG_BODY_BYTES) {
      const { method, url: target } = request;
      bulk.read({ operation, method, target, bytes }).then((read) => done(null, read), done);
      return;
    }
    try {
      done(null, parseJsonBytes(bytes));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}
