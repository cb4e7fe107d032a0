import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from '../kernel/errors.ts';
import { durationSince, errorEnvelope } from './error-reply.ts';

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

/** Sends the documented error envelope. */
export function sendError(request: FastifyRequest, reply: FastifyReply, error: ApiError): FastifyReply {
  const duration = durationSince(request.context?.startedMs ?? Number.NaN);
  return reply
    .code(error.status)
    .type(JSON_TYPE)
    .send(JSON.stringify(errorEnvelope(error, duration)));
}
