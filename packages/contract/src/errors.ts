/**
 * The error catalogue: every error that a client can receive, by name.
 * `code` and `status` are the wire contract (api.md section 9); they never change once published.
 * `fix` is what the reader should do, printed in docs/reference/errors.md.
 */
export const ERRORS = {
  internal: {
    code: -1,
    status: 500,
    title: 'Internal error',
    fix: 'Try again; if it stays, send the operator the request id.',
  },
  access_key_invalid: {
    code: 2,
    status: 401,
    title: 'Access key invalid',
    fix: 'Send the `api_key` query parameter that `npm start` printed.',
  },
  input: {
    code: 4,
    status: 400,
    title: 'Input error',
    fix: 'Correct the fields named in `exception_fields`.',
  },
  method_not_allowed: {
    code: 4,
    status: 405,
    title: 'Method not allowed',
    fix: 'Use one of the methods in the `Allow` header.',
  },
  unsupported_media_type: {
    code: 4,
    status: 415,
    title: 'Unsupported media type',
    fix: 'Send `Content-Type: application/json`.',
  },
  authentication: {
    code: 5,
    status: 401,
    title: 'Authentication problem',
    fix: 'Send a token signed with the API secret in `Authorization`.',
  },
  rate_limited: {
    code: 9,
    status: 429,
    title: 'Rate limit reached',
    fix: 'Wait for the seconds in `Retry-After`.',
  },
  not_found: {
    code: 16,
    status: 404,
    title: 'Does not exist',
    fix: 'Check the id or the path; create the object first.',
  },
  not_allowed: {
    code: 17,
    status: 403,
    title: 'Not allowed',
    fix: 'Ask for the capability that the message names, or use a server token.',
  },
  feature_not_supported: {
    code: 19,
    status: 400,
    title: 'Feature not supported',
    fix: 'Leave the named field or path out.',
  },
  payload_too_big: {
    code: 22,
    status: 413,
    title: 'Payload too big',
    fix: 'Send less than the limit in the message.',
  },
  request_timeout: {
    code: 23,
    status: 408,
    title: 'Request timeout',
    fix: 'Send the whole request within the time in the message.',
  },
  header_too_large: {
    code: 24,
    status: 431,
    title: 'Header too large',
    fix: 'Send fewer or shorter headers.',
  },
  token_expired: { code: 40, status: 401, title: 'Token expired', fix: 'Make a new token.' },
  token_not_yet_valid: {
    code: 41,
    status: 401,
    title: 'Token not yet valid',
    fix: 'Check `nbf` and the clock of the machine that made the token.',
  },
  token_iat_wrong: {
    code: 42,
    status: 401,
    title: 'Token date wrong',
    fix: 'Check `iat` and the clock of the machine that made the token.',
  },
  token_signature_invalid: {
    code: 43,
    status: 401,
    title: 'Token signature invalid',
    fix: 'Sign the token with HS256 and this app’s API secret.',
  },
  misdirected: {
    code: 4,
    status: 421,
    title: 'Unknown host',
    fix: 'Call the server by a name in `allowed_hosts`.',
  },
  overloaded: { code: 9, status: 503, title: 'Overloaded', fix: 'Wait for the seconds in `Retry-After`.' },
} as const satisfies Record<string, { code: number; status: number; title: string; fix: string }>;

export type ErrorName = keyof typeof ERRORS;

/** The documented body of every error reply. */
export interface ErrorEnvelope {
  code: number;
  message: string;
  StatusCode: number;
  duration: string;
  more_info: string;
  /** Field -> complaint, for `input` errors. */
  exception_fields?: Record<string, string>;
  details: unknown[];
  unrecoverable?: boolean;
}
