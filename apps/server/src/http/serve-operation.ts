import { Readable } from 'node:stream';
import { OPERATIONS, type Operation } from '@callgate/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ActReply, ActRequest } from '../features/enforcement/index.ts';
import type { Caller } from '../features/policy/index.ts';
import { ApiError, inputError, notAllowed } from '../kernel/errors.ts';
import { type Authenticator, type Credentials, createAuthenticator } from './authenticate.ts';
import type { HttpOptions } from './http-options.ts';
import { idempotencyOf } from './idempotency.ts';
import { sendJson } from './reply.ts';
import { type Answer, type Input, isStreamReply, type Route } from './route.ts';
import { type Validator, validatorOf } from './validate.ts';

type AnyHandler = (input: Input<never>) => Promise<Answer>;

interface Checks {
  params: Validator | undefined;
  query: Validator;
  body: Validator | undefined;
}

/** Turns operations of the contract into routes of the server. */
export function operationServer(
  app: FastifyInstance,
  options: HttpOptions,
): { route: Route; served: Set<string> } {
  const { services, credentials, hooks } = options;
  const { config, clock, database, policy } = services;
  const authenticator = createAuthenticator({
    ...credentials,
    skewSeconds: config.clockSkewSeconds,
    clock,
    database,
    sources: policy.sources,
  });
  const served = new Set<string>();
  const route: Route = (id, handler) => {
    if (served.has(id)) throw new Error(`operation ${id} is served twice`);
    served.add(id);
    const operation: Operation = OPERATIONS[id];
    const checks = checksOf(operation);
    const run = handler as AnyHandler;
    app.route({
      method: operation.method,
      url: operation.path,
      onRequest: (request) => admit(request, operation, authenticator),
      handler: async (request, reply) => {
        const answer = await run(checked(request, operation, checks));
        if (operation.write) await hooks?.at('before-reply');
        return send(request, reply, operation, answer);
      },
    });
  };
  return { route, served };
}

const checksOf = ({ params, query, body }: Operation): Checks => ({
  params: params && validatorOf(params, 'path'),
  query: validatorOf(query, 'query'),
  body: body && validatorOf(body, 'body'),
});

/** Everything that can be refused before the body is read. */
async function admit(
  request: FastifyRequest,
  operation: Operation,
  authenticator: Authenticator,
): Promise<void> {
  request.context.operation = operation.id;
  refuseBodyOnGet(request);
  const credentials = credentialsOf(request);
  authenticator.demandKey(credentials);
  if (operation.auth === 'none') return;
  const caller = await authenticator.caller(credentials, async () => {});
  demandKind(caller, operation);
  request.context.caller = caller;
}

function credentialsOf({ query, headers }: FastifyRequest): Credentials {
  const { api_key, 'stream-auth-type': inQuery } = query as Record<string, unknown>;
  return {
    apiKey: api_key,
    authorization: headers.authorization,
    authType: headers['stream-auth-type'] ?? inQuery,
  };
}

function refuseBodyOnGet({ method, headers }: FastifyRequest): void {
  if (method !== 'GET' && method !== 'HEAD') return;
  const length = headers['content-length'];
  if (headers['transfer-encoding'] === undefined && (length === undefined || Number(length) === 0)) return;
  throw inputError('body', `must be absent with ${method}`);
}

function demandKind(caller: Caller, { auth }: Operation): void {
  if (caller.kind === 'server' || auth === 'any') return;
  if (auth === 'server') throw notAllowed('this needs a server token');
  if (caller.kind === 'anonymous') throw notAllowed('anonymous callers may not do this; use a user token');
}

/** `none`: nobody is known, so an act is done on nobody's behalf. */
const NOBODY: Caller = {
  kind: 'anonymous',
  token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
};

function checked(request: FastifyRequest, operation: Operation, checks: Checks): Input<never> {
  const body = request.body ?? (operation.bodyOptional ? {} : undefined);
  checks.params?.(request.params);
  checks.query(request.query);
  if (checks.body) demandBody(body, checks.body);
  else if (body !== undefined) throw inputError('body', 'must be absent');
  const caller = request.context.caller ?? NOBODY;
  const input = {
    request: actRequest(request, operation, caller, body),
    caller,
    params: request.params,
    query: request.query,
    body,
  };
  return input as Input<never>;
}

function demandBody(body: unknown, check: Validator): void {
  if (body === undefined) throw inputError('body', 'is required: send a JSON object');
  check(body);
}

function actRequest(
  request: FastifyRequest,
  operation: Operation,
  caller: Caller,
  body: unknown,
): ActRequest {
  const { client } = request.context;
  const idempotency = operation.write ? idempotencyOf(request, body) : undefined;
  return {
    caller,
    requestId: request.id,
    address: caller.kind === 'server' || client.untrustedProxy ? null : client.address,
    ...(idempotency && { idempotency }),
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
  if (typeof status !== 'number') throw new ApiError('internal', `${operation.id} answered no act`);
  return sendJson(request, reply, status, enforcement ? { ...body, enforcement } : body);
}
