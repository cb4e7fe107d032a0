import { OPERATION_LIST } from '@callgate/contract';
import type { FastifyInstance } from 'fastify';
import { ApiError } from '../kernel/errors.ts';
import { MEDIA_HOOK_PATH } from './media-door.ts';
import { sendError } from './reply.ts';
import { pathOf } from './request-context.ts';

/** Paths outside the contract, all of them read only. */
const OTHER_PATHS = [
  '/healthz',
  '/readyz',
  '/metrics',
  '/openapi.json',
  '/docs',
  '/play',
  '/play/assets/:name',
  '/rtc/validate',
  '/rtc/v1/validate',
];

/** 405/4 with `Allow` for a known path with another method, `OPTIONS` answered, everything else 404/16. */
export function answerUnknownPaths(app: FastifyInstance): void {
  const known = knownPaths();
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request);
    const methods = known.filter((entry) => entry.pattern.test(path)).flatMap((entry) => entry.methods);
    if (methods.length === 0) {
      const shown = path.length > 200 ? `${path.slice(0, 200)}...` : path;
      return sendError(request, reply, new ApiError('not_found', `there is nothing at ${shown}`));
    }
    const allowed = [...new Set(methods), 'OPTIONS'].join(', ');
    reply.header('Allow', allowed);
    if (request.method === 'OPTIONS') return reply.code(204).send();
    const complaint = `${request.method} is not possible here; possible: ${allowed}`;
    return sendError(request, reply, new ApiError('method_not_allowed', complaint));
  });
}

function knownPaths(): { pattern: RegExp; methods: string[] }[] {
  const operations = OPERATION_LIST.map(({ path, method }) => ({
    pattern: patternOf(path),
    methods: method === 'GET' ? ['GET', 'HEAD'] : [method],
  }));
  const others = OTHER_PATHS.map((path) => ({ pattern: patternOf(path), methods: ['GET', 'HEAD'] }));
  return [...operations, ...others, { pattern: patternOf(MEDIA_HOOK_PATH), methods: ['POST'] }];
}

const patternOf = (path: string): RegExp => new RegExp(`^${path.replace(/:[a-z_]+/g, '[^/]+')}$`);
