import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { monotonicMs } from '../kernel/clock.ts';
import { makeFile, syncFolder } from './data-folder.ts';
import { StorageUnavailableError } from './storage-errors.ts';

/** How long a copy waits for its turn among the writers of the target, in milliseconds. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 5;
/** More pages than any database has: the whole copy is one step, hence one snapshot and one transaction. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies a SQLite database into another file by SQLite's online backup, on disk before it resolves. Either may be
 * in use by a server: the copy is one snapshot of the source and one transaction on the target, whose readers see
 * the old content until it commits and keep their connections. The target is made (mode 600) when it is missing.
 */
export async function copySqlite(from: string, to: string): Promise<void> {
  if (!existsSync(from)) throw new StorageUnavailableError(`There is no database ${from}.`);
  makeFile(to);
  const source = new Sqlite(from, { readonly: true, timeout: PATIENCE_MS });
  try {
    const deadline = monotonicMs() + PATIENCE_MS;
    while (!(await tryCopy(source, to, deadline))) {
      demandTime(deadline);
      await pause(RETRY_MS);
    }
  } finally {
    source.close();
  }
  for (const file of [to, `${to}-wal`]) syncFile(file);
  syncFolder(dirname(to));
}

/** False when the target was locked at the start: the driver then takes the copy for done, with no pages. */
async function tryCopy(source: Sqlite.Database, to: string, deadline: number): Promise<boolean> {
  const progress = () => {
    demandTime(deadline);
    return ALL_PAGES;
  };
  return (await source.backup(to, { progress })).totalPages > 0;
}

function demandTime(deadline: number): void {
  if (monotonicMs() < deadline) return;
  throw new StorageUnavailableError(
    `The database was locked by others for ${PATIENCE_MS / 1000} s; try again when less is going on.`,
  );
}

/** Makes a copied database a single file (no write-ahead log beside it) and checks that its pages hold together. */
export function sealCopy(file: string): void {
  const database = new Sqlite(file);
  try {
    database.pragma('journal_mode = delete');
    const [check] = database.pragma('quick_check(1)') as { quick_check: string }[];
    if (check?.quick_check !== 'ok') {
      throw new StorageUnavailableError(`${file} is damaged: ${check?.quick_check ?? 'no answer'}.`);
    }
  } finally {
    database.close();
  }
  syncFile(file);
  syncFolder(dirname(file));
}

function syncFile(file: string): void {
  if (!existsSync(file)) return;
  const fd = openSync(file, 'r+');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
