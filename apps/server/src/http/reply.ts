import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from '../kernel/errors.ts';
import { durationSince, errorEnvelope } from './error-reply.ts';

/** JSON for programs: not to be guessed at, framed or kept. */
export const EVERY_REPLY = {
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
};

const JSON_TYPE = 'application/json; charset=utf-8';

/** Sends a body with its `duration`; nothing is dropped from it. */
export function sendJson(
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  body: object,
): FastifyReply {
  const duration = durationSince(request.context.startedMs);
  return reply
    .code(status)
    .type(JSON_TYPE)
    .send(JSON.stringify({ ...body, duration }));
}

/** Sends the documented error envelope; with `Retry-After` where waiting helps. */
export function sendError(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  const duration = durationSince(request.context.startedMs);
  if (error.retryAfterSeconds !== undefined) reply.header('Retry-After', error.retryAfterSeconds);
  return reply
    .code(error.status)
    .type(JSON_TYPE)
    .send(JSON.stringify(errorEnvelope(error, duration)));
}
