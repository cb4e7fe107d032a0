import { OPERATION_LIST, type UserId } from '@callgate/contract';
import { cutUp } from '../features/tasks/task-items.ts';
import { ApiError } from '../kernel/errors.ts';
import { serveChannel } from '../storage/worker-loop.ts';
import type { LongBody, ReadBody } from './bulk-body.ts';
import { parseJsonBytes } from './json-body.ts';
import { requestHash } from './request-hash.ts';
import { type Validator, validatorOf } from './validate.ts';

const validators = new Map<string, Validator>();

function validatorFor(id: string): Validator {
  const known = validators.get(id);
  if (known) return known;
  const body = OPERATION_LIST.find((operation) => operation.id === id)?.body;
  if (!body) throw new Error(`${id} takes no body`);
  const made = validatorOf(body, 'body');
  validators.set(id, made);
  return made;
}

function read({ operation, method, target, bytes }: LongBody): ReadBody {
  try {
    const value = parseJsonBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    validatorFor(operation)(value);
    const { user_ids, ...rest } = value as { user_ids: UserId[] };
    const body = { ...rest, user_ids: [] };
    return { body, items: cutUp(user_ids), requestHash: requestHash(method, target, value) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const { kind, message, fields = {} } = error;
    return { refused: { kind, message, fields } };
  }
}

serveChannel<LongBody, ReadBody>(read, () => undefined);
