import { ERRORS, type ErrorEnvelope } from '@callgate/contract';
import { monotonicMs } from '../kernel/clock.ts';
import type { ApiError } from '../kernel/errors.ts';

/** Where each error is explained. */
export const MORE_INFO = 'https://github.com/callgate/callgate/blob/main/docs/reference/errors.md';

/** Complaints and details that one reply carries at most. */
const MAX_ENTRIES = 50;

/** Milliseconds since a `monotonicMs` reading as replies show them, e.g. `12.34ms`. */
export const durationSince = (startedMs: number): string => `${(monotonicMs() - startedMs).toFixed(2)}ms`;

/** The documented body of an error reply. */
export function errorEnvelope(error: ApiError, duration: string): ErrorEnvelope {
  const { code } = ERRORS[error.kind];
  const fields = error.fields && Object.entries(error.fields).slice(0, MAX_ENTRIES);
  return {
    code,
    message: error.message,
    StatusCode: error.status,
    duration,
    more_info: `${MORE_INFO}#${error.kind}`,
    ...(fields && { exception_fields: Object.fromEntries(fields) }),
    details: error.details.slice(0, MAX_ENTRIES),
  };
}
