import { type FastifyInstance, fastify } from 'fastify';
import { monotonicMs } from '../kernel/clock.ts';
import { ApiError } from '../kernel/errors.ts';
import { newId } from '../kernel/id.ts';
import type { Services } from '../services.ts';
import { addressReader } from './address.ts';
import { createGate } from './admit.ts';
import { answerClientErrors } from './client-errors.ts';
import { allowOrigins } from './cors.ts';
import { serveDocs } from './docs.ts';
import { serveHealth } from './health.ts';
import { hostChecker } from './host-check.ts';
import type { HttpOptions } from './http-options.ts';
import { parseJsonBytes } from './json-body.ts';
import { createMetrics } from './metrics.ts';
import { createProxyWatch } from './proxy-watch.ts';
import { sendError } from './reply.ts';
import { pathOf, saneRequestId } from './request-context.ts';
import { logRequests } from './request-log.ts';
import { featureRoutes } from './routes/index.ts';
import { serveMetrics } from './serve-metrics.ts';
import { operationRouter } from './serve-operation.ts';
import { answerUnknownPaths } from './unknown-paths.ts';

/** Longest path parameter that is handed to the schemas, which then say what is wrong with it. */
const MAX_PARAM_LENGTH = 16 * 1024;
/** How often Node looks for requests that take too long, in milliseconds. */
const TIMEOUT_CHECK_MS = 1000;

/** The HTTP server with every route; not listening yet. */
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const app = bareServer(options.services);
  const gate = createGate(options);
  const metrics = createMetrics(app, options.services, gate.limits);
  app.addHook('onClose', async () => metrics.close());
  app.addHook('onError', async (_request, _reply, error) =>
    metrics.refused(error instanceof ApiError ? error.kind : 'internal'),
  );
  serveMetrics(app, metrics, gate, options.services);
  serveDocs(app);
  const route = operationRouter(app, gate, options.hooks);
  for (const routes of featureRoutes) routes(route, options.services);
  answerUnknownPaths(app, gate.limits);
  return app;
}

function bareServer(services: Services): FastifyInstance {
  const { config, clock, logger } = services;
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
    frameworkErrors: (error, request, reply) =>
      void sendError(request, reply, asApiError(error, config.bodyLimitBytes)),
    http: {
      maxHeaderSize: config.headerLimitBytes,
      headersTimeout: config.headersTimeoutMs,
      requestTimeout: config.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(TIMEOUT_CHECK_MS, config.headersTimeoutMs),
    },
  });
  app.server.maxConnections = config.maxConnections;
  const addressOf = addressReader(config.trustedProxies);
  const proxies = createProxyWatch(logger);
  const isOurs = hostChecker(config);
  app.decorateRequest('context');
  app.addHook('onRequest', (request, reply, done) => {
    const client = addressOf(request.raw);
    request.context = { startedMs: monotonicMs(), client };
    proxies.note(client);
    reply.headers(EVERY_REPLY).header('X-Request-Id', request.id);
    done(isOurs(request.headers.host) ? undefined : misdirected());
  });
  allowOrigins(app, config.allowedOrigins);
  logRequests(app, logger);
  acceptJsonOnly(app);
  serveHealth(app, services, proxies);
  app.setErrorHandler((error, request, reply) => {
    const known = asApiError(error, config.bodyLimitBytes);
    if (known.kind === 'internal') {
      logger.error(
        { requestId: request.id, method: request.method, path: pathOf(request), err: error },
        'request failed',
      );
    }
    return sendError(request, reply, known);
  });
  return app;
}

/** JSON for programs: not to be guessed at, framed or kept. */
const EVERY_REPLY = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};

const misdirected = (): ApiError =>
  new ApiError(
    'misdirected',
    'the header Host names another server; the operator lists names in CALLGATE_ALLOWED_HOSTS',
  );

function acceptJsonOnly(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
    try {
      done(null, parseJsonBytes(body as Buffer));
    } catch (error) {
      done(error as Error, undefined);
    }
  });
}

/** Errors of Fastify in the words of our catalogue. */
function asApiError(error: unknown, bodyLimit: number): ApiError {
  if (error instanceof ApiError) return error;
  const code = (error as { code?: unknown }).code;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_big', `the body is larger than ${bodyLimit} bytes`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        'unsupported_media_type',
        'the body must be JSON: send Content-Type: application/json',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('input', 'the body is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_ASYNC_CONSTRAINT':
      return new ApiError('input', 'the path is not a valid URL path');
    default:
      return new ApiError('internal', 'internal error; the request id names it in the server’s log', {
        cause: error,
      });
  }
}
