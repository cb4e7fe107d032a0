import type { Static, TSchema } from 'typebox';
import { parseJson } from './json-body.ts';
import { validatorOf } from './validate.ts';

/**
 * Reads the `payload` query parameter of a search by GET: JSON that is checked as the body of the same search by POST.
 * Absent: `{}`. Throws 400/4 naming `payload` or the field in it.
 */
export function payloadReader<S extends TSchema>(schema: S): (payload: string | undefined) => Static<S> {
  const validate = validatorOf(schema, 'payload');
  return (payload) => {
    const value = parseJson(payload ?? '{}', 'payload');
    validate(value);
    return value as Static<S>;
  };
}
