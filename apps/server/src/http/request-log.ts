import type { FastifyInstance } from 'fastify';
import { monotonicMs } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { pathOf } from './request-context.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * One line for each request: writes at `info`, reads at `debug`. The path without the query, which may carry a token;
 * neither headers nor bodies.
 */
export function logRequests(app: FastifyInstance, logger: Logger): void {
  app.addHook('onResponse', (request, reply, done) => {
    const level = READS.has(request.method) ? 'debug' : 'info';
    if (logger.isLevelEnabled(level)) {
      const { operation, startedMs } = request.context;
      const took_ms = Math.round((monotonicMs() - startedMs) * 100) / 100;
      const { id: requestId, method } = request;
      logger[level](
        { requestId, method, path: pathOf(request), operation, status: reply.statusCode, took_ms },
        'request',
      );
    }
    done();
  });
}
