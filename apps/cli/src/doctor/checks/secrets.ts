import { join } from 'node:path';
import { CREDENTIALS_FILE } from '@callgate/server/credentials.ts';
import {
  AuditKeyError,
  CHAIN_KEY_FILE,
  keyMisfit,
  readAuditKeys,
  SIGNING_KEY_FILE,
} from '@callgate/server/features/audit/index.ts';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, orOk, warning } from '../finding.ts';
import { doubles, isGuessable, STRONG_CHARACTERS } from '../strength.ts';

/** Whether secrets are secret: files for their owner alone, strong, each for one purpose, and the ones of this data. */
export const secrets: Check = {
  name: 'secrets',
  async run(facts) {
    const findings = [...(await openFiles(facts)), ...weak(facts), await auditKeys(facts)];
    return orOk(
      findings,
      'Secrets are strong, each has one purpose, and their files are for their owner alone.',
    );
  },
};

/** Bits that let others read or write. */
const OTHERS = 0o077;

async function openFiles({ config, configFile, machine }: Facts): Promise<Finding[]> {
  const inFolder = [CREDENTIALS_FILE, CHAIN_KEY_FILE, SIGNING_KEY_FILE, SQLITE_FILE];
  const files = [...inFolder.map((name) => join(config.dataDir, name)), ...(configFile ? [configFile] : [])];
  const findings: Finding[] = [];
  for (const [path, right] of [[config.dataDir, '700'], ...files.map((file) => [file, '600'])] as const) {
    const mode = await machine.mode(path);
    if (mode === undefined || (mode & OTHERS) === 0) continue;
    const bits = mode.toString(8).padStart(3, '0');
    findings.push(
      fault(
        `${path} has the mode ${bits}: others on this machine can read it.`,
        `chmod ${right} ${path}, and change the secrets in it if others have been there.`,
      ),
    );
  }
  return findings;
}

/** Every secret with the name under which people know it. */
function named({ config, credentials }: Facts): [name: string, secret: string][] {
  const all: [string, string | null | undefined][] = [
    ['the API secret', credentials?.apiSecret],
    ['LIVEKIT_API_SECRET', config.livekitApiSecret],
    ['CALLGATE_METRICS_TOKEN', config.metricsToken],
    ...config.serviceKeys.map(({ key, secret }): [string, string] => [`the service key ${key}`, secret]),
  ];
  return all.flatMap(([name, secret]) => (secret ? [[name, secret]] : []));
}

function weak(facts: Facts): Finding[] {
  const all = named(facts);
  const findings = all.flatMap(([name, secret]): Finding[] => {
    if (isGuessable(secret))
      return [fault(`${capital(name)} can be guessed: whoever does can make every token.`, NEW_ONE)];
    if (secret.length < STRONG_CHARACTERS)
      return [warning(`${capital(name)} has less than ${STRONG_CHARACTERS} characters.`, NEW_ONE)];
    return [];
  });
  return [...findings, ...doubles(all).map(sharedSecret)];
}

const NEW_ONE = 'Make one with "openssl rand -hex 32", set it on both sides and start the server again.';

const sharedSecret = (names: readonly string[]): Finding =>
  fault(
    `${capital(names.join(' and '))} are the same: who holds one holds the other.`,
    'Give each its own: "openssl rand -hex 32".',
  );

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

async function auditKeys({ config, database, machine }: Facts): Promise<Finding | undefined> {
  const { dataDir, auditKey, auditSigningKey } = config;
  // An error on the way is told by the check of the database.
  const handle = await database().catch(() => null);
  const hasKey = auditKey !== null || (await machine.mode(join(dataDir, CHAIN_KEY_FILE))) !== undefined;
  if (!handle && !hasKey) return undefined;
  try {
    const overrides = { chainKey: auditKey ?? undefined, signingKey: auditSigningKey ?? undefined };
    const keys = readAuditKeys(dataDir, overrides);
    const misfit = handle ? await keyMisfit(handle, keys.chainKey).catch(() => undefined) : undefined;
    return (
      misfit &&
      fault(misfit.message, 'Until then the server does not start: look for the key in your backups.')
    );
  } catch (error) {
    if (!(error instanceof AuditKeyError)) throw error;
    return fault(
      error.message,
      'Put the file back from a backup; without it the audit log cannot be verified, and a new key does not fit it.',
    );
  }
}
