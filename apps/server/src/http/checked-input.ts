import type { Operation } from '@callgate/contract';
import type { FastifyRequest } from 'fastify';
import type { ActRequest } from '../features/enforcement/index.ts';
import type { Caller } from '../features/policy/index.ts';
import { inputError } from '../kernel/errors.ts';
import { countedAddress } from './admit.ts';
import { BulkBody } from './bulk-body.ts';
import { idempotencyOf } from './idempotency.ts';
import { isCleanText } from './json-body.ts';
import type { Input } from './route.ts';
import { type Validator, validatorOf } from './validate.ts';

/** Turns a request into what a handler is given, or throws 400/4 naming what is wrong. */
export type InputChecker = (request: FastifyRequest) => Input<never>;

/** `none`: nobody is known, so what is done is done on nobody's behalf. */
const NOBODY: Caller = {
  kind: 'anonymous',
  token: { issuedAt: null, expiresAt: null, callCids: null, role: null },
};

export function inputChecker(operation: Operation): InputChecker {
  const checkPath = operation.params && validatorOf(operation.params, 'path');
  const checkQuery = validatorOf(operation.query, 'query');
  const checkBody = operation.body && validatorOf(operation.body, 'body');
  return (request) => {
    const { params, query } = request;
    checkPath?.(params);
    checkQuery(query);
    demandCleanQuery(query as Record<string, string>);
    const bulk = request.body instanceof BulkBody ? request.body : undefined;
    const body = bulk ? bulk.body : checkedBody(request.body, operation, checkBody);
    const caller = request.context.caller ?? NOBODY;
    return {
      request: actRequest(request, operation, caller, { body, hash: bulk?.requestHash }),
      caller,
      door: `${request.protocol === 'https' ? 'wss' : 'ws'}://${request.headers.host ?? ''}`,
      params,
      query,
      body,
      ...(bulk && { items: bulk.items }),
    } as Input<never>;
  };
}

/** Absent where the operation takes none; `{}` where it may be left out. */
function checkedBody(given: unknown, { bodyOptional }: Operation, check: Validator | undefined): unknown {
  if (check === undefined) {
    if (given === undefined || given === null) return undefined;
    throw inputError('body', 'must be absent');
  }
  const body = given ?? (bodyOptional ? {} : undefined);
  if (body === undefined) throw inputError('body', 'is required: send a JSON object');
  check(body);
  return body;
}

function demandCleanQuery(query: Record<string, string>): void {
  for (const [name, value] of Object.entries(query)) {
    if (!isCleanText(value)) throw inputError(name, 'holds a NUL character or half of a surrogate pair');
  }
}

function actRequest(
  request: FastifyRequest,
  operation: Operation,
  caller: Caller,
  asked: { body: unknown; hash: string | undefined },
): ActRequest {
  const idempotency = operation.write ? idempotencyOf(request, asked.body, asked.hash) : undefined;
  return {
    caller,
    requestId: request.id,
    address: countedAddress(request, caller),
    ...(idempotency && { idempotency }),
  };
}
