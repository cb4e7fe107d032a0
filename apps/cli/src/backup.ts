import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Config } from '@callgate/server/config.ts';
import {
  type AuditKeys,
  chainHead,
  describeBroken,
  type Verification,
} from '@callgate/server/features/audit/index.ts';
import { toTime } from '@callgate/server/kernel/clock.ts';
import { dumpPostgres } from '@callgate/server/storage/copy-postgres.ts';
import { copySqlite, sealCopy } from '@callgate/server/storage/copy-sqlite.ts';
import { makeFolder, syncFolder } from '@callgate/server/storage/data-folder.ts';
import type { Handle } from '@callgate/server/storage/database.ts';
import { appliedMigrations } from '@callgate/server/storage/migrate.ts';
import { openReader } from '@callgate/server/storage/reader.ts';
import { auditKeysOf } from './audit-verify.ts';
import { CliError, type Context, configOf } from './context.ts';
import { copyWhole, settle, writeNew } from './files.ts';
import { databaseFile } from './location.ts';
import {
  CHECKPOINT_FILES,
  COPY_FILE,
  digestOf,
  MANIFEST_FILE,
  type Manifest,
  SECRET_FILES,
} from './manifest.ts';
import { verifyDatabase } from './verify-records.ts';

export interface BackupOptions {
  out?: string;
  dataDir?: string;
}

/**
 * Writes a backup of one moment while the server goes on: the database, the secrets and the audit checkpoints, in a
 * new folder that appears whole and on disk, or not at all. Prints the folder's path.
 */
export async function backup(context: Context, options: BackupOptions): Promise<void> {
  const config = configOf(context, options);
  const createdAt = toTime(context.clock.now());
  const out = resolve(context.cwd, options.out ?? `callgate-backup-${createdAt.replace(/[:.]/g, '-')}`);
  if (existsSync(out)) throw new CliError(`${out} is there already: name another place with --out.`);
  const keys = auditKeysOf(config);
  const partial = join(dirname(out), `.${basename(out)}.${process.pid}.partial`);
  makeFolder(dirname(out));
  await mkdir(partial, { mode: 0o700 });
  try {
    const manifest = await fill(config, keys, partial, createdAt, context);
    await writeNew(join(partial, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    syncFolder(partial);
    await rename(partial, out);
    syncFolder(dirname(out));
    if (manifest.audit_broken !== undefined) {
      context.note(`Warning: the audit log in this backup is broken: ${manifest.audit_broken}.\n`);
    }
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
  context.out(`${out}\n`);
}

async function fill(
  config: Config,
  keys: AuditKeys,
  folder: string,
  createdAt: string,
  { env }: Context,
): Promise<Manifest> {
  const engine = config.databaseUrl === null ? 'sqlite' : 'postgres';
  const files: string[] = [];
  // Checkpoints before the database: every head that is signed in the backup is then in its database too.
  for (const name of [...SECRET_FILES, ...CHECKPOINT_FILES]) {
    if (!existsSync(join(config.dataDir, name))) continue;
    await copyWhole(join(config.dataDir, name), join(folder, name));
    files.push(name);
  }
  const copy = join(folder, COPY_FILE[engine]);
  const inspect = (handle: Handle) => inspectCopy(handle, folder, keys);
  const found =
    config.databaseUrl === null
      ? await copyFromSqlite(databaseFile(config.dataDir), copy, inspect)
      : await dumpPostgres(config.databaseUrl, copy, env, inspect);
  await settle(copy);
  files.push(COPY_FILE[engine]);
  const digests: Record<string, string> = {};
  for (const name of files) digests[name] = await digestOf(join(folder, name));
  return { format: 1, engine, created_at: createdAt, ...found, files: digests };
}

async function copyFromSqlite<T>(
  from: string,
  to: string,
  inspect: (handle: Handle) => Promise<T>,
): Promise<T> {
  await copySqlite(from, to);
  sealCopy(to);
  const reader = await openReader({ file: to });
  try {
    return await inspect(reader.handle);
  } finally {
    await reader.close();
  }
}

type Found = Pick<Manifest, 'migrations' | 'head' | 'audit_broken'>;

async function inspectCopy(handle: Handle, folder: string, keys: AuditKeys): Promise<Found> {
  const migrations = (await appliedMigrations(handle)).map(({ id }) => id);
  const verification: Verification = await verifyDatabase(handle, folder, keys);
  const head = await chainHead(handle);
  const { broken } = verification;
  return { migrations, head, ...(broken && { audit_broken: describeBroken(broken) }) };
}
