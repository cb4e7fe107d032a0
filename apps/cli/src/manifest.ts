import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CREDENTIALS_FILE } from '@callgate/server/credentials.ts';
import {
  CHAIN_KEY_FILE,
  CHECKPOINT_FILE,
  OLD_CHECKPOINT_FILE,
  SIGNING_KEY_FILE,
} from '@callgate/server/features/audit/index.ts';
import type { Engine } from '@callgate/server/storage/database.ts';
import { CliError } from './context.ts';

export const MANIFEST_FILE = 'manifest.json';
/** The database within a backup. */
export const COPY_FILE: Readonly<Record<Engine, string>> = {
  sqlite: 'callgate.db',
  postgres: 'callgate.pgdump',
};
/** What must fit the database: who holds it can make tokens and seal records. */
export const SECRET_FILES = [CREDENTIALS_FILE, CHAIN_KEY_FILE, SIGNING_KEY_FILE] as const;
export const CHECKPOINT_FILES = [OLD_CHECKPOINT_FILE, CHECKPOINT_FILE] as const;

/** What a backup says of itself. */
export interface Manifest {
  format: 1;
  engine: Engine;
  /** RFC 3339: when the copy was begun. */
  created_at: string;
  /** Ids of the migrations of the copied database. */
  migrations: string[];
  /** The end of the audit chain in the copy. */
  head: { seq: number; hash: string };
  /** Undefined: the copy's chain was whole. */
  audit_broken?: string;
  /** SHA-256 of each file, in hexadecimal. */
  files: Record<string, string>;
}

/** Reads a backup's manifest and checks that no file was changed since; throws one sentence. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await parsed(folder);
  for (const [name, digest] of Object.entries(manifest.files)) {
    const found = await digestOf(join(folder, name)).catch(() => undefined);
    if (found === undefined) throw new CliError(`The backup is not whole: ${name} is missing.`);
    if (found !== digest) throw new CliError(`The backup is damaged: ${name} is not what was written.`);
  }
  return manifest;
}

async function parsed(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) throw new CliError(`${folder} is no backup: it has no ${MANIFEST_FILE}.`);
  try {
    const value = JSON.parse(text) as Manifest;
    const isKnown = value.format === 1 && value.engine in COPY_FILE && typeof value.head.seq === 'number';
    if (isKnown && Object.keys(value.files).every((name) => KNOWN_FILES.has(name))) return value;
  } catch {
    // Answered below, like every manifest that is not ours.
  }
  throw new CliError(`The ${MANIFEST_FILE} of the backup cannot be read by this version of Callgate.`);
}

const KNOWN_FILES: ReadonlySet<string> = new Set([
  ...Object.values(COPY_FILE),
  ...SECRET_FILES,
  ...CHECKPOINT_FILES,
]);

/** SHA-256 of a file of any size. */
export async function digestOf(path: string): Promise<string> {
  const digest = createHash('sha256');
  await pipeline(createReadStream(path), digest);
  return digest.digest('hex');
}
