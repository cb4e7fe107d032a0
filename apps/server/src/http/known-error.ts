import { ApiError } from '../kernel/errors.ts';
import {
  InvalidParameterError,
  StorageBusyError,
  StorageUnavailableError,
} from '../storage/storage-errors.ts';

/**
 * Errors of Fastify and of the store in the words of our catalogue; what is not foreseen becomes 500. `bodyLimit` in
 * bytes.
 */
export function knownError(error: unknown, bodyLimit: number): ApiError {
  if (error instanceof ApiError) return error;
  return (
    storageError(error) ??
    fastifyError(error, bodyLimit) ??
    new ApiError('internal', 'internal error; the request id names it in the server’s log', { cause: error })
  );
}

/** After how many seconds a client may try again when the store is busy or gone. */
const RETRY_AFTER_SECONDS = 2;

/** A disk that refuses (`StorageFailedError`) is none of these: only a new start helps. */
function storageError(cause: unknown): ApiError | undefined {
  const extra = { cause, retryAfterSeconds: RETRY_AFTER_SECONDS };
  if (cause instanceof StorageBusyError) {
    return new ApiError('overloaded', 'the store is busy: nothing was changed; try again', extra);
  }
  if (cause instanceof StorageUnavailableError) {
    const message =
      'the store cannot be reached: try again; send a write with its Idempotency-Key, so that it happens once';
    return new ApiError('overloaded', message, extra);
  }
  if (cause instanceof InvalidParameterError) {
    return new ApiError('input', 'the request holds a text or number that cannot be stored', { cause });
  }
  return undefined;
}

function fastifyError(error: unknown, bodyLimit: number): ApiError | undefined {
  switch ((error as { code?: unknown }).code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('payload_too_big', `the body is larger than ${bodyLimit} bytes`);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError(
        'unsupported_media_type',
        'the body must be JSON: send Content-Type: application/json',
      );
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('input', 'the body is not as long as Content-Length says');
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_ASYNC_CONSTRAINT':
      return new ApiError('input', 'the path is not a valid URL path');
    default:
      return undefined;
  }
}
