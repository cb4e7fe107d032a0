import type { FastifyInstance } from 'fastify';
import type { Services } from '../services.ts';
import type { ProxyWatch } from './proxy-watch.ts';
import { sendJson } from './reply.ts';

/** `/healthz`: the process answers. `/readyz`: it can read and write its store; 503 otherwise. */
export function serveHealth(app: FastifyInstance, { database, logger }: Services, proxies: ProxyWatch): void {
  app.get('/healthz', (request, reply) => sendJson(request, reply, 200, { status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    const storage = await database.check().then(
      () => 'ok',
      (error: unknown) => {
        logger.error({ err: error, requestId: request.id }, 'the store is not ready');
        return 'failed';
      },
    );
    const ready = storage === 'ok';
    const status = ready ? 'ready' : 'not ready';
    return sendJson(request, reply, ready ? 200 : 503, {
      status,
      checks: { storage },
      notes: proxies.notes(),
    });
  });
}
