import type { FastifyRequest } from 'fastify';
import { inputError } from '../kernel/errors.ts';
import { requestHash } from './request-hash.ts';

const KEY = /^[\x20-\x7e]{1,255}$/;

/**
 * The `Idempotency-Key` of a write with a hash of what was asked; undefined without the header. `known`: the hash, if
 * somebody has made it already.
 */
export function idempotencyOf(
  request: FastifyRequest,
  body: unknown,
  known?: string,
): { key: string; requestHash: string } | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw inputError('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
  }
  return { key, requestHash: known ?? requestHash(request.method, request.url, body) };
}
