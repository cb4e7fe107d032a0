import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '@callgate/server/config.ts';
import {
  type AuditKeys,
  readAuditKeys,
  unsealedCount,
  type Verification,
} from '@callgate/server/features/audit/index.ts';
import { openReader } from '@callgate/server/storage/reader.ts';
import { CliError, type Context, configOf } from './context.ts';
import { locationOf } from './location.ts';
import { report, verifyDatabase, verifyExport } from './verify-records.ts';

export interface VerifyOptions {
  file?: string;
  dataDir?: string;
}

/** Verifies the audit log and says what it found; the answer is the exit code. */
export async function verifyAudit(context: Context, options: VerifyOptions): Promise<0 | 1> {
  const config = configOf(context, options);
  const keys = auditKeysOf(config);
  const { result, unchained } =
    options.file === undefined
      ? await inDatabase(config, keys)
      : { result: await inExport(resolve(context.cwd, options.file), config, keys), unchained: undefined };
  context.out(report(result, unchained));
  return result.broken ? 1 : 0;
}

/** The keys that the server with this configuration seals with; an error when there are none. */
export const auditKeysOf = ({ dataDir, auditKey, auditSigningKey }: Config): AuditKeys =>
  readAuditKeys(dataDir, { chainKey: auditKey ?? undefined, signingKey: auditSigningKey ?? undefined });

async function inDatabase(config: Config, keys: AuditKeys) {
  const reader = await openReader(locationOf(config));
  try {
    const result = await verifyDatabase(reader.handle, config.dataDir, keys);
    return { result, unchained: await unsealedCount(reader.handle) };
  } finally {
    await reader.close();
  }
}

function inExport(file: string, config: Config, keys: AuditKeys): Promise<Verification> {
  if (!existsSync(file)) throw new CliError(`There is no file ${file}.`);
  return verifyExport(file, config.dataDir, keys);
}
