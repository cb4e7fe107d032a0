import type { FastifyRequest } from 'fastify';
import type { Caller } from '../features/policy/index.ts';
import type { ClientAddress } from './address.ts';

/** What the stages of one request learn about it, in the order in which they learn it. */
export interface RequestContext {
  /** `monotonicMs` at the arrival. */
  startedMs: number;
  client: ClientAddress;
  /** Set once the token was accepted. */
  caller?: Caller;
  /** The operation's id, for metrics and logs; absent for unknown paths. */
  operation?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    context: RequestContext;
  }
}

/** Longest request id that is taken over from a client. */
const SANE_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** The client's `X-Request-Id` when it is sane: 1 to 128 of `A-Z a-z 0-9 _ . : -`. */
export function saneRequestId(header: unknown): string | undefined {
  return typeof header === 'string' && SANE_ID.test(header) ? header : undefined;
}

/** The path of a request without its query, which may carry a token. */
export const pathOf = (request: FastifyRequest): string => {
  const end = request.url.indexOf('?');
  return end === -1 ? request.url : request.url.slice(0, end);
};
