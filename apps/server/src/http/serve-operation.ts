import { Readable } from 'node:stream';
import { OPERATIONS, type Operation } from '@callgate/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ActReply } from '../features/enforcement/index.ts';
import type { AppHooks } from '../services.ts';
import type { Gate } from './admit.ts';
import { inputChecker } from './checked-input.ts';
import { sendJson } from './reply.ts';
import { type Answer, type Input, isStreamReply, type Route } from './route.ts';

type AnyHandler = (input: Input<never>) => Promise<Answer>;

/** What a route says of itself to those who read its body. */
export interface RouteConfig {
  operation?: string;
  /** Takes bodies that are longer than others. */
  isBulk?: boolean;
}

/** Turns operations of the contract into routes of the server. */
export function operationRouter(app: FastifyInstance, gate: Gate, hooks: AppHooks | undefined): Route {
  const served = new Set<string>();
  return (id, handler) => {
    if (served.has(id)) throw new Error(`operation ${id} is served twice`);
    served.add(id);
    const operation: Operation = OPERATIONS[id];
    const check = inputChecker(operation);
    const run = handler as AnyHandler;
    app.route({
      method: operation.method,
      url: operation.path,
      ...(operation.bodyLimitBytes && { bodyLimit: operation.bodyLimitBytes }),
      config: { operation: id, isBulk: operation.bodyLimitBytes !== undefined } satisfies RouteConfig,
      onRequest: (request, reply) => gate.admit(request, reply, operation),
      handler: async (request, reply) => {
        const answer = await run(check(request));
        if (operation.write) await hooks?.at('before-reply');
        return send(request, reply, operation, answer);
      },
    });
  };
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  operation: Operation,
  answer: Answer,
): FastifyReply {
  if (isStreamReply(answer)) return reply.type(answer.contentType).send(Readable.from(answer.chunks));
  if (!operation.write) return sendJson(request, reply, operation.success.status, answer);
  const { status, body, enforcement } = answer as ActReply<object>;
  return sendJson(request, reply, status, enforcement ? { ...body, enforcement } : body);
}
