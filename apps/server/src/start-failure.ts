import { ConfigError } from './config.ts';
import { AuditKeyError, AuditKeyMismatchError } from './features/audit/index.ts';
import { NewerSchemaError } from './storage/migrate.ts';
import { StorageUnavailableError } from './storage/storage-errors.ts';

/** Errors whose message is written for whoever starts the server. */
const EXPLAINED = [
  ConfigError,
  StorageUnavailableError,
  NewerSchemaError,
  AuditKeyError,
  AuditKeyMismatchError,
];

/** One sentence on why the server did not start; a stack only for what nobody foresaw. */
export function startFailure(error: unknown): string {
  if (EXPLAINED.some((kind) => error instanceof kind))
    return `Callgate cannot start: ${(error as Error).message}`;
  const { code, address, port, path } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  switch (code) {
    case 'EADDRINUSE':
      return `Callgate cannot start: port ${port} of ${address} is in use. Stop what listens there, or set PORT to another.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `Callgate cannot start: this machine has no address ${address ?? ''}. Set HOST to one that it has.`;
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOSPC':
    case 'ENOTDIR':
    case 'ENOENT':
    case 'EEXIST':
      return `Callgate cannot start: ${path ?? `port ${port}`} cannot be used (${code}).`;
    default:
      return `Callgate cannot start: ${error instanceof Error ? error.stack : String(error)}`;
  }
}
