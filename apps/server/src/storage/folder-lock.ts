import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { makeFile } from './data-folder.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** A second process was started on a data folder that is in use. */
export class FolderInUseError extends StorageUnavailableError {
  override name = 'FolderInUseError';
}

export interface FolderLock {
  release(): void;
}

/**
 * Holds the data folder for this process, or throws `FolderInUseError` naming the one that has it. The lock is
 * an exclusive SQLite transaction, so a kernel lock that ends with the process however it dies; the pid file
 * beside it serves the message alone. Not for network file systems.
 */
export function lockFolder(folder: string): FolderLock {
  const pidFile = join(folder, 'callgate.pid');
  const lockFile = join(folder, 'callgate.lock');
  makeFile(lockFile);
  const lock = new Sqlite(lockFile, { timeout: 0 });
  try {
    lock.pragma('locking_mode = exclusive');
    lock.exec('begin exclusive');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY'))) throw cause;
    throw new FolderInUseError(
      `The data folder ${folder} is in use by ${holderOf(pidFile)}. Stop that process, or start this one on another folder.`,
      { cause },
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => lock.close() };
}

function holderOf(pidFile: string): string {
  try {
    const pid = readFileSync(pidFile, 'utf8').trim();
    return /^[0-9]+$/.test(pid) ? `process ${pid}` : 'another process';
  } catch {
    return 'another process';
  }
}
