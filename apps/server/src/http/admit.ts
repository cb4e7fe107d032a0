import { cidOf, type Operation } from '@callgate/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '../features/policy/index.ts';
import { registerUser } from '../features/users/index.ts';
import type { Clock } from '../kernel/clock.ts';
import { ApiError, inputError, notAllowed } from '../kernel/errors.ts';
import { type Authenticator, type Credentials, createAuthenticator } from './authenticate.ts';
import type { GateOptions } from './http-options.ts';
import { ownPages } from './own-pages.ts';
import { createRateLimits, type Quota, type RateLimits } from './rate-limits.ts';

/** Everything that can be refused before the body is read: body on GET, key, token, kind of caller, rate. */
export interface Gate {
  admit(request: FastifyRequest, reply: FastifyReply, operation: Operation): Promise<void>;
  readonly limits: RateLimits;
  readonly authenticator: Authenticator;
}

export function createGate({ services, credentials }: GateOptions): Gate {
  const { config, clock, database, policy, acts } = services;
  const limits = createRateLimits(config, clock);
  const isOwnPage = ownPages(config);
  const authenticator = createAuthenticator({
    ...credentials,
    skewSeconds: config.clockSkewSeconds,
    clock,
    database,
    sources: policy.sources,
  });

  const identify = async (request: FastifyRequest): Promise<Caller> => {
    const given = credentialsOf(request);
    authenticator.demandKey(given);
    return authenticator.caller(given, (caller) =>
      registerUser(acts, { requestId: request.id, address: countedAddress(request, caller) }, caller.userId),
    );
  };

  const demandKey = async (request: FastifyRequest): Promise<void> =>
    authenticator.demandKey(credentialsOf(request));

  return {
    limits,
    authenticator,
    async admit(request, reply, operation) {
      request.context.operation = operation.id;
      const { address } = request.context.client;
      refuseBodyOnGet(request);
      if (operation.ownPagesOnly && !isOwnPage(request))
        throw notAllowed('the header Origin names a page that may not do this here');
      const countRefused = (error: unknown): never => {
        if (error instanceof ApiError && error.status === 401)
          demandQuota(reply, limits.takeRefused(address), clock);
        throw error;
      };
      if (operation.auth === 'none') {
        await demandKey(request).catch(countRefused);
        return demandQuota(reply, limits.takeOpen(operation, address), clock);
      }
      const caller = await identify(request).catch(countRefused);
      request.context.caller = caller;
      const platform = request.headers['x-client-platform'];
      demandQuota(reply, limits.take(caller, operation, platform, address), clock);
      demandKind(caller, operation);
      demandScope(caller, operation, request.params);
    },
  };
}

/** What acts are told of the address: null where it must not count (api.md 0.8). */
export const countedAddress = (request: FastifyRequest, caller: Caller): string | null => {
  const { address, untrustedProxy } = request.context.client;
  return caller.kind === 'server' || untrustedProxy ? null : address;
};

/** What a request says of who sent it. */
export function credentialsOf({ query, headers }: FastifyRequest): Credentials {
  const { api_key, 'stream-auth-type': inQuery } = query as Record<string, unknown>;
  const authType = headers['stream-auth-type'] ?? inQuery;
  return { apiKey: api_key, authorization: headers.authorization, authType };
}

function showQuota(reply: FastifyReply, quota: Quota): void {
  reply.header('x-ratelimit-limit', quota.limit);
  reply.header('x-ratelimit-remaining', quota.remaining);
  reply.header('x-ratelimit-reset', quota.resetAt);
}

function demandQuota(reply: FastifyReply, quota: Quota, clock: Clock): void {
  showQuota(reply, quota);
  if (quota.allowed) return;
  const seconds = Math.max(1, Math.ceil(quota.resetAt - clock.now() / 1000));
  const complaint = `more than ${quota.limit} requests in this minute; wait ${seconds} s`;
  throw new ApiError('rate_limited', complaint, { retryAfterSeconds: seconds });
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

/** What stands under one call; the rest of the API is about other things. */
const UNDER_A_CALL = '/api/v2/video/call/:type/:id';

/** A token with `calls_only` reaches its calls and nothing else. */
function demandScope(caller: Caller, { path }: Operation, params: unknown): void {
  if (caller.kind === 'server' || !caller.token.callsOnly) return;
  const { type = '', id = '' } = params as { type?: string; id?: string };
  if (path.startsWith(UNDER_A_CALL) && caller.token.callCids?.includes(cidOf(type, id))) return;
  throw notAllowed(`this token is for ${caller.token.callCids?.join(', ') ?? 'no call'} alone`);
}

/** The quota headers of replies that count for nobody: refused before the token is known, unknown paths. */
export const showIdleQuota = (limits: RateLimits, request: FastifyRequest, reply: FastifyReply): void =>
  showQuota(reply, limits.peekRefused(request.context.client.address));
