import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { makeFolder, syncFolder } from '../../storage/data-folder.ts';
import { chainKeyOf } from './chain.ts';

/** The keys' files within the data folder. */
export const CHAIN_KEY_FILE = 'audit.key';
export const SIGNING_KEY_FILE = 'audit-signing.pem';

/** What the audit log is sealed with; none of it is in the database. */
export interface AuditKeys {
  /** 32 bytes: the key of the chain's HMAC. */
  chainKey: KeyObject;
  /** Ed25519: signs checkpoints. */
  signingKey: KeyObject;
  /** The other half of `signingKey`: whoever has it can check that a checkpoint is ours. */
  publicKey: KeyObject;
}

/** Keys from the configuration, for nodes that share a database; each takes the place of its file. */
export interface AuditKeyOverrides {
  /** 64 hexadecimal digits. */
  chainKey?: string | undefined;
  /** An Ed25519 private key as PEM (PKCS #8). */
  signingKey?: string | undefined;
}

/** The keys cannot be read; the message says which, never what is in it. */
export class AuditKeyError extends Error {
  override name = 'AuditKeyError';
}

/**
 * The keys of the data folder, made on the first call (files of mode 600, fsynced). Throws `AuditKeyError` naming
 * the file or setting that is malformed.
 */
export function loadAuditKeys(folder: string, overrides: AuditKeyOverrides = {}): AuditKeys {
  if (overrides.chainKey === undefined) makeMissing(folder, CHAIN_KEY_FILE, newChainKey);
  if (overrides.signingKey === undefined) makeMissing(folder, SIGNING_KEY_FILE, newSigningKey);
  return readAuditKeys(folder, overrides);
}

/** As `loadAuditKeys`, but makes nothing: a missing file is an `AuditKeyError`. */
export function readAuditKeys(folder: string, overrides: AuditKeyOverrides = {}): AuditKeys {
  const signingKey = parseSigningKey(
    overrides.signingKey ?? readKey(folder, SIGNING_KEY_FILE),
    overrides.signingKey === undefined ? SIGNING_KEY_FILE : 'the configured audit signing key',
  );
  const chainKey = parseChainKey(
    overrides.chainKey ?? readKey(folder, CHAIN_KEY_FILE),
    overrides.chainKey === undefined ? CHAIN_KEY_FILE : 'the configured audit key',
  );
  return { chainKey, signingKey, publicKey: createPublicKey(signingKey) };
}

const newChainKey = (): string => `${randomBytes(32).toString('hex')}\n`;
const newSigningKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Links a whole file into place, so that a crash or a second process never leaves half a key. */
function makeMissing(folder: string, name: string, make: () => string): void {
  const file = join(folder, name);
  if (existsSync(file)) return;
  makeFolder(folder);
  const partial = `${file}.${process.pid}.partial`;
  const fd = openSync(partial, 'wx', 0o600);
  try {
    writeSync(fd, make());
    fsyncSync(fd);
    linkSync(partial, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    closeSync(fd);
    unlinkSync(partial);
  }
  syncFolder(folder);
}

function readKey(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8').trim();
  } catch (cause) {
    throw new AuditKeyError(`The audit key file ${name} cannot be read in the data folder ${folder}.`, {
      cause,
    });
  }
}

function parseChainKey(text: string, source: string): KeyObject {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new AuditKeyError(`${source} must be 64 hexadecimal digits.`);
  return chainKeyOf(Buffer.from(text, 'hex'));
}

function parseSigningKey(text: string, source: string): KeyObject {
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The parser's message may quote the key: it is not passed on.
  }
  throw new AuditKeyError(`${source} must be an Ed25519 private key in PEM (PKCS #8).`);
}
