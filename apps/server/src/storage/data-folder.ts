import { closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/** The database's file within the data folder. */
export const SQLITE_FILE = 'callgate.db';

/** Makes the folder (mode 700) and its missing parents; each that was made is on disk before this returns. */
export function makeFolder(folder: string): void {
  const firstMade = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) syncFolder(dirname(made));
}

/**
 * Makes the file if it is missing, readable by its owner alone. One that is there is not touched: closing a
 * descriptor on it would drop the locks that SQLite holds on it in this process.
 */
export function makeFile(file: string): void {
  if (existsSync(file)) return;
  closeSync(openSync(file, 'a', 0o600));
}

/** Puts the folder's entries on disk: a file whose name is lost in a power cut is as lost as its content. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
