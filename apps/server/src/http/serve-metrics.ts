import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isLoopback } from '../config.ts';
import { notAllowed } from '../kernel/errors.ts';
import type { Services } from '../services.ts';
import { credentialsOf, type Gate } from './admit.ts';
import type { Metrics } from './metrics.ts';

/** `/metrics`: for this machine, for the metrics token, for server tokens. Others get 403/17. */
export function serveMetrics(app: FastifyInstance, metrics: Metrics, gate: Gate, services: Services): void {
  const { metricsToken } = services.config;
  app.get('/metrics', async (request, reply) => {
    if (!isLocal(request) && !holdsToken(request, metricsToken) && !isServer(request, gate)) {
      throw notAllowed('metrics are for this machine, the metrics token or a server token');
    }
    return reply.type(metrics.contentType).send(await metrics.text());
  });
}

/** A request that a proxy on this machine passed on is not from this machine. */
const isLocal = ({ context, headers }: FastifyRequest): boolean =>
  isLoopback(context.client.address) && headers['x-forwarded-for'] === undefined;

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function holdsToken({ headers }: FastifyRequest, token: string | null): boolean {
  const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? '')?.[1];
  return token !== null && given !== undefined && timingSafeEqual(digest(given), digest(token));
}

function isServer(request: FastifyRequest, { authenticator }: Gate): boolean {
  return authenticator.isServerToken(credentialsOf(request));
}
