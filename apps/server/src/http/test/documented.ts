import { ERRORS, ErrorResponse, OPERATION_LIST, type Operation } from '@callgate/contract';
import type { TSchema } from 'typebox';
import { type Validator, validatorOf } from '../validate.ts';

const validators = new Map<TSchema, Validator>();

function check(schema: TSchema, value: unknown): void {
  const known = validators.get(schema) ?? validatorOf(schema, 'reply');
  validators.set(schema, known);
  known(value);
}

const patterns = OPERATION_LIST.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replaceAll(/:[a-z_]+/g, '[^/]+')}$`),
}));

/** The operation that a method and path name; undefined outside the contract. */
export const operationAt = (method: string, path: string): Operation | undefined =>
  patterns.find(({ operation, pattern }) => operation.method === method && pattern.test(path))?.operation;

/** Throws when a reply is not what the contract says of its operation: status, body, or an error that is not listed. */
export function demandDocumented(operation: Operation, status: number, json: Record<string, unknown>): void {
  const where = `${operation.id} answered ${status}`;
  if (status < 400) {
    const { success } = operation;
    if (status !== success.status && status !== success.otherwise?.status)
      throw new Error(`${where}, undocumented`);
    check(success.schema, json);
    return;
  }
  check(ErrorResponse, json);
  const isListed = operation.errors.some(
    (name) => ERRORS[name].status === status && ERRORS[name].code === json.code,
  );
  if (!isListed)
    throw new Error(`${where} with code ${json.code}, which is not among its errors: ${json.message}`);
}
