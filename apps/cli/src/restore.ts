import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Config } from '@callgate/server/config.ts';
import {
  appendCheckpoint,
  chainHead,
  describeBroken,
  readAuditKeys,
  signCheckpoint,
} from '@callgate/server/features/audit/index.ts';
import { toTime } from '@callgate/server/kernel/clock.ts';
import { restorePostgres } from '@callgate/server/storage/copy-postgres.ts';
import { copySqlite } from '@callgate/server/storage/copy-sqlite.ts';
import { makeFolder, syncFolder } from '@callgate/server/storage/data-folder.ts';
import { FolderInUseError, type FolderLock, lockFolder } from '@callgate/server/storage/folder-lock.ts';
import { appliedMigrations, knownMigrations } from '@callgate/server/storage/migrate.ts';
import { openReader } from '@callgate/server/storage/reader.ts';
import { auditKeysOf } from './audit-verify.ts';
import { CliError, type Context, configOf } from './context.ts';
import { copyWhole } from './files.ts';
import { databaseFile, locationOf } from './location.ts';
import { CHECKPOINT_FILES, COPY_FILE, type Manifest, readManifest, SECRET_FILES } from './manifest.ts';
import { verifyDatabase } from './verify-records.ts';

/** Within this time a running server has appended the checkpoint of a head that it read before the restore. */
const CHECKPOINT_UNDER_WAY_MS = 300;

export interface RestoreOptions {
  force?: boolean;
  acceptBrokenAudit?: boolean;
  dataDir?: string;
}

interface Restore {
  context: Context;
  config: Config;
  /** The backup's folder. */
  from: string;
  manifest: Manifest;
  /** Whether there is a database that the backup takes the place of. */
  replaces: boolean;
  /** Held while no server runs on the folder; undefined while one does (or may: PostgreSQL). */
  lock: FolderLock | undefined;
}

/** Puts a backup in the place of what is there, in one transaction; a running server goes on with it. */
export async function restore(context: Context, folder: string, options: RestoreOptions): Promise<void> {
  const config = configOf(context, options);
  const from = resolve(context.cwd, folder);
  const manifest = await readManifest(from);
  demandSameEngine(config, manifest);
  demandKnownSchema(manifest);
  if (!options.acceptBrokenAudit) await demandWholeAudit(from, manifest);
  const replaces = await hasDatabase(config);
  if (replaces && !options.force) await demandConsent(context, config, manifest);
  makeFolder(config.dataDir);
  const lock = lockUnlessRunning(config);
  try {
    await replace({ context, config, from, manifest, replaces, lock });
  } finally {
    lock?.release();
  }
  const server = lock ? '' : ' A running server goes on with it.';
  context.out(
    `Restored the backup of ${manifest.created_at}: the audit log ends with record ${manifest.head.seq}.${server}\n`,
  );
}

function demandSameEngine(config: Config, { engine }: Manifest): void {
  if (engine === (config.databaseUrl === null ? 'sqlite' : 'postgres')) return;
  throw new CliError(
    engine === 'sqlite'
      ? 'This is a backup of SQLite, but DATABASE_URL is set: unset it, or take a backup of PostgreSQL.'
      : 'This is a backup of PostgreSQL: set DATABASE_URL to the database to restore into.',
  );
}

function demandKnownSchema({ migrations }: Manifest): void {
  const known = knownMigrations();
  if (migrations.every((id) => known.includes(id))) return;
  throw new CliError('The backup was made by a newer version of Callgate: restore it with that version.');
}

async function demandWholeAudit(from: string, manifest: Manifest): Promise<void> {
  const accept = 'To restore it all the same, add --accept-broken-audit.';
  if (manifest.audit_broken !== undefined) {
    throw new CliError(
      `The audit log was broken when the backup was made: ${manifest.audit_broken}. ${accept}`,
    );
  }
  // A dump of PostgreSQL was verified in the snapshot that was dumped, and is unchanged since by its digest.
  if (manifest.engine === 'postgres' || !SECRET_FILES.every((name) => manifest.files[name])) return;
  const reader = await openReader({ file: join(from, COPY_FILE.sqlite) });
  try {
    const { broken } = await verifyDatabase(reader.handle, from, readAuditKeys(from));
    if (broken)
      throw new CliError(`The audit log of the backup is broken: ${describeBroken(broken)}. ${accept}`);
  } finally {
    await reader.close();
  }
}

async function hasDatabase(config: Config): Promise<boolean> {
  if (config.databaseUrl === null) return existsSync(databaseFile(config.dataDir));
  return (await migrationsOf(config)).length > 0;
}

/** Of the live database; none when it is empty. */
async function migrationsOf(config: Config): Promise<string[]> {
  const reader = await openReader(locationOf(config));
  try {
    return (await appliedMigrations(reader.handle)).map(({ id }) => id);
  } catch (error) {
    if (/no such table|does not exist/.test(String(error))) return [];
    throw error;
  } finally {
    await reader.close();
  }
}

async function demandConsent(context: Context, config: Config, manifest: Manifest): Promise<void> {
  const place = config.databaseUrl === null ? config.dataDir : 'the database of DATABASE_URL';
  const answer = await context.ask(
    `This replaces everything in ${place} with the backup of ${manifest.created_at}. Type yes to go on: `,
  );
  if (answer === undefined)
    throw new CliError(`There is data in ${place}: add --force to replace it with the backup.`);
  if (answer.trim() !== 'yes') throw new CliError('Nothing was restored.');
}

function lockUnlessRunning(config: Config): FolderLock | undefined {
  if (config.databaseUrl !== null) return undefined;
  try {
    return lockFolder(config.dataDir);
  } catch (error) {
    if (error instanceof FolderInUseError) return undefined;
    throw error;
  }
}

async function replace(restore: Restore): Promise<void> {
  const { config, from, manifest, replaces, lock } = restore;
  const differing = await differingSecrets(restore);
  if (differing.length > 0 && !lock) {
    throw new CliError(
      `The backup has another ${differing.join(', ')} than the data folder: stop the server${config.databaseUrl === null ? '' : ' and move the file away'}, then restore.`,
    );
  }
  if (replaces && !lock) await demandSameSchema(config, manifest);
  const copy = join(from, COPY_FILE[manifest.engine]);
  if (config.databaseUrl === null) await copySqlite(copy, databaseFile(config.dataDir));
  else await restorePostgres(config.databaseUrl, copy, restore.context.env);
  await putFiles(restore, differing);
  if (replaces && !lock) await pause(CHECKPOINT_UNDER_WAY_MS);
  await noteRestore(restore);
}

/** Secrets of the folder that are not the backup's. */
async function differingSecrets({ config, from, manifest }: Restore): Promise<string[]> {
  const differing: string[] = [];
  for (const name of SECRET_FILES) {
    const there = join(config.dataDir, name);
    if (manifest.files[name] === undefined || !existsSync(there)) continue;
    if (!(await readFile(there)).equals(await readFile(join(from, name)))) differing.push(name);
  }
  return differing;
}

async function demandSameSchema(config: Config, { migrations }: Manifest): Promise<void> {
  if ((await migrationsOf(config)).join() === migrations.join()) return;
  throw new CliError(
    'The backup was made by another version: stop the server, restore, then start it again.',
  );
}

/** Files that are missing come from the backup; secrets that differ, and the checkpoints with them, are moved aside. */
async function putFiles(
  { context, config, from, manifest }: Restore,
  differing: readonly string[],
): Promise<void> {
  const stamp = toTime(context.clock.now()).replace(/[:.]/g, '-');
  const aside = differing.length > 0 ? [...differing, ...CHECKPOINT_FILES] : [];
  for (const name of aside) {
    const there = join(config.dataDir, name);
    if (existsSync(there)) await rename(there, `${there}.before-restore-${stamp}`);
  }
  const hasCheckpoints = CHECKPOINT_FILES.some((name) => existsSync(join(config.dataDir, name)));
  for (const name of [...SECRET_FILES, ...(hasCheckpoints ? [] : CHECKPOINT_FILES)]) {
    const there = join(config.dataDir, name);
    if (manifest.files[name] !== undefined && !existsSync(there)) await copyWhole(join(from, name), there);
  }
  syncFolder(config.dataDir);
}

/** Says, signed, that the chain was moved back on purpose: heads that were signed after the backup are void now. */
async function noteRestore({ context, config, manifest }: Restore): Promise<void> {
  const { signingKey } = auditKeysOf(config);
  const { seq, hash } = manifest.head;
  const at = context.clock.now();
  await appendCheckpoint(config.dataDir, signCheckpoint(signingKey, { kind: 'restore', seq, hash, at }));
  const reader = await openReader(locationOf(config));
  try {
    const head = await chainHead(reader.handle);
    if (head.seq < seq)
      throw new CliError(`The restored database ends with record ${head.seq} in place of ${seq}.`);
  } finally {
    await reader.close();
  }
}
