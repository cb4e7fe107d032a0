import type { IncomingMessage } from 'node:http';
import type { ErrorEnvelope } from '@callgate/contract';
import type { FastifyInstance } from 'fastify';
import { hearNews } from '../features/calls/index.ts';
import { ApiError } from '../kernel/errors.ts';
import type { CoreServices } from '../services.ts';
import { sendError, sendJson } from './reply.ts';

/** What HTTP serves of the media door beside its upgrades. */
export interface MediaDoor {
  /** Undefined when the client would be let in. */
  validate(message: IncomingMessage): Promise<ErrorEnvelope | undefined>;
  /** Clients that are in; what was dropped, refused and closed since the start, by names of a fixed set. */
  stats(): { open: number; counts: ReadonlyMap<string, number> };
}

/** Where media clients ask why they were refused: they do so after every upgrade that failed. */
const VALIDATE_PATHS = ['/rtc/validate', '/rtc/v1/validate'];
/** Where the media server tells what happens in its rooms. */
export const MEDIA_HOOK_PATH = '/livekit/webhook';
/** Longest report of the media server. */
const MOST_BYTES = 256 * 1024;

export function serveMediaDoor(app: FastifyInstance, services: CoreServices, door: MediaDoor): void {
  for (const path of VALIDATE_PATHS) {
    app.get(path, async (request, reply) => {
      const refused = await door.validate(request.raw);
      return refused
        ? sendJson(request, reply, refused.StatusCode, refused)
        : sendJson(request, reply, 200, { status: 'ok' });
    });
  }
  app.addContentTypeParser('application/webhook+json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  app.post(MEDIA_HOOK_PATH, { bodyLimit: MOST_BYTES }, async (request, reply) => {
    const { media } = services;
    const body = typeof request.body === 'string' ? request.body : '';
    const news = await media.receive(body, request.headers.authorization);
    if (news === 'forged') {
      return sendError(request, reply, new ApiError('authentication', 'not signed by the media server'));
    }
    if (news) await hearNews(services, news);
    return sendJson(request, reply, 200, {});
  });
}
