import {
  ConstraintError,
  type ConstraintKind,
  InvalidParameterError,
  ReadOnlySnapshotError,
  StorageBusyError,
  StorageUnavailableError,
} from './storage-errors.ts';

/** Deadlock and serialisation failure: PostgreSQL rolled the transaction back and asks to try again. */
const RETRYABLE: ReadonlySet<string> = new Set(['40P01', '40001']);

const CONSTRAINTS: Record<string, ConstraintKind> = {
  '23505': 'unique',
  '23503': 'foreign_key',
  '23502': 'not_null',
  '23514': 'check',
};

/** The five characters of SQLSTATE, or the code of a socket error; '' for anything else. */
export const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
};

/** Whether running the same transaction again may succeed. */
export const isRetryable = (error: unknown): boolean => RETRYABLE.has(codeOf(error)) || isStalePlan(error);

/** A migration changed a table under a connection's prepared statements: the connection must be replaced. */
export const isStalePlan = (error: unknown): boolean =>
  codeOf(error) === '0A000' && /cached plan/.test((error as Error).message);

/** A connection that ended under a transaction: the server was restarted, or the network cut it. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof StorageUnavailableError)) return false;
  const { cause } = error;
  const message = cause instanceof Error ? cause.message : '';
  return (
    /^(57P0[12]|ECONNRESET|EPIPE)$/.test(codeOf(cause)) ||
    /^(Connection terminated|Client has encountered)/.test(message)
  );
}

/** The neutral error of storage-errors.ts for what PostgreSQL or the connection said; others as they are. */
export function neutralError(error: unknown): unknown {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const constraint = CONSTRAINTS[code];
  if (constraint !== undefined) return new ConstraintError(constraint, message, error);
  if (code === '25006')
    return new ReadOnlySnapshotError('a read cannot write: use Database.write', { cause: error });
  if (code === '22021' || code === '22P05') return new InvalidParameterError(0, message);
  if (code === '57014' || code === '55P03') {
    return new StorageBusyError(`PostgreSQL took too long: ${message}`, { cause: error });
  }
  if (isConnectionTrouble(code, message)) {
    return new StorageUnavailableError(`PostgreSQL cannot be reached: ${message}`, { cause: error });
  }
  return error;
}

/** Classes 08 (connection), 53 (resources) and 57P (shutdown), socket errors, and pg's own sentences. */
function isConnectionTrouble(code: string, message: string): boolean {
  if (/^(08|53|57P)/.test(code)) return true;
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|ENET|EAI_)/.test(code)) return true;
  return /^(Connection terminated|timeout exceeded|Client (has encountered|was closed)|Query read timeout)/.test(
    message,
  );
}
