import { ERRORS, type ErrorName } from '@callgate/contract';

/**
 * An error that a client may see: thrown by commands, mapped to HTTP in `http/error-reply.ts` alone.
 * Anything else that is thrown is a bug and becomes 500 / -1.
 */
export class ApiError extends Error {
  readonly kind: ErrorName;
  /** Field -> complaint. */
  readonly fields: Record<string, string> | undefined;
  readonly details: unknown[];
  /** After how many seconds trying again may help; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    kind: ErrorName,
    message: string,
    extra: {
      fields?: Record<string, string>;
      details?: unknown[];
      cause?: unknown;
      retryAfterSeconds?: number;
    } = {},
  ) {
    super(message, extra.cause === undefined ? undefined : { cause: extra.cause });
    this.name = 'ApiError';
    this.kind = kind;
    this.fields = extra.fields;
    this.details = extra.details ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds;
  }

  get status(): number {
    return ERRORS[this.kind].status;
  }
}

/** 400/4 naming one field and what to do. */
export const inputError = (field: string, complaint: string): ApiError =>
  new ApiError('input', `${field}: ${complaint}`, { fields: { [field]: complaint } });
/** 403/17. */
export const notAllowed = (message: string): ApiError => new ApiError('not_allowed', message);
/** 404/16 naming what is missing, e.g. `notFound('user', 'sara')`. */
export const notFound = (what: string, id: string): ApiError =>
  new ApiError('not_found', `${what} "${id}" does not exist`, { details: [{ what, id }] });
/** 400/19 naming the field or feature that is not there (yet). */
export const notSupported = (what: string): ApiError =>
  new ApiError('feature_not_supported', `${what} is not supported by this version`, {
    fields: { [what]: 'is not supported by this version; leave it out' },
  });
