import { describe, expect, it } from 'vitest';
import { ERRORS } from './errors.ts';
import { OPERATION_LIST } from './operations.ts';

const entries = Object.entries(ERRORS);

describe('error catalogue', () => {
  it('[CON13] gives each error its own title', () => {
    expect(new Set(entries.map(([, error]) => error.title)).size).toBe(entries.length);
  });

  it.each(entries)('[CON13] says of %s what the reader should do', (name, error) => {
    expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(error.fix).toMatch(/^[A-Z].*\.$/);
    expect(error.status).toBeGreaterThanOrEqual(400);
    expect(error.status).toBeLessThan(600);
  });

  it('[CON13] keeps the documented number and status of each error', () => {
    const wire = entries.map(([name, { code, status }]) => `${name} ${code} ${status}`);
    expect(wire).toEqual([
      'internal -1 500',
      'access_key_invalid 2 401',
      'input 4 400',
      'method_not_allowed 4 405',
      'unsupported_media_type 4 415',
      'authentication 5 401',
      'rate_limited 9 429',
      'not_found 16 404',
      'not_allowed 17 403',
      'feature_not_supported 19 400',
      'payload_too_big 22 413',
      'request_timeout 23 408',
      'header_too_large 24 431',
      'token_expired 40 401',
      'token_not_yet_valid 41 401',
      'token_iat_wrong 42 401',
      'token_signature_invalid 43 401',
      'misdirected 4 421',
      'overloaded 9 503',
    ]);
  });

  it.each(OPERATION_LIST.map((operation) => [operation.id, operation] as const))(
    '[CON14] names only errors of the catalogue at %s, each once',
    (_id, { errors }) => {
      expect(new Set(errors).size).toBe(errors.length);
      for (const name of errors) expect(ERRORS).toHaveProperty(name);
    },
  );
});
