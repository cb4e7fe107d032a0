import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, ConfigError } from './config.ts';
import { makeFolder, syncFolder } from './storage/data-folder.ts';

/** The key and the secret of the application: what clients name and what tokens are signed with. */
export interface AppCredentials {
  apiKey: string;
  apiSecret: string;
}

/** Where generated credentials are kept, within the data folder; mode 600. */
export const CREDENTIALS_FILE = 'credentials.json';

/**
 * The configured credentials, else those of the data folder, made on the first call (file mode 600, folder 700).
 * `isNew` is true when they were made now. Throws `ConfigError` when the file cannot be used.
 */
export function loadCredentials(config: Config): AppCredentials & { isNew: boolean } {
  const present = readCredentials(config);
  if (present) return { ...present, isNew: false };
  makeFolder(config.dataDir);
  const made = { api_key: randomBytes(8).toString('hex'), api_secret: randomBytes(32).toString('hex') };
  const isNew = linkWhole(config.dataDir, `${JSON.stringify(made, null, 2)}\n`);
  const kept = readCredentials(config);
  if (!kept) throw new ConfigError(`${CREDENTIALS_FILE} in the data folder vanished while it was made.`);
  return { ...kept, isNew };
}

/** As `loadCredentials`, but makes nothing: undefined when there are none yet. */
export function readCredentials(config: Config): AppCredentials | undefined {
  const { apiKey, apiSecret, dataDir } = config;
  if (apiKey !== null && apiSecret !== null) return { apiKey, apiSecret };
  const path = join(dataDir, CREDENTIALS_FILE);
  const text = textOf(path);
  return text === undefined ? undefined : parsed(text, path);
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`${path} cannot be read.`, { cause });
  }
}

function parsed(text: string, path: string): AppCredentials {
  try {
    const { api_key, api_secret } = JSON.parse(text) as { api_key?: unknown; api_secret?: unknown };
    if (
      typeof api_key === 'string' &&
      api_key !== '' &&
      typeof api_secret === 'string' &&
      api_secret !== ''
    ) {
      return { apiKey: api_key, apiSecret: api_secret };
    }
  } catch {
    // The parser's message would quote the secret: it is not passed on.
  }
  throw new ConfigError(`${path} must be a JSON object with the texts api_key and api_secret.`);
}

/** Links a whole file into place, so that neither a crash nor a second process leaves half of one. */
function linkWhole(folder: string, content: string): boolean {
  const path = join(folder, CREDENTIALS_FILE);
  const partial = `${path}.${process.pid}.partial`;
  const fd = openSync(partial, 'wx', 0o600);
  try {
    writeSync(fd, content);
    fsyncSync(fd);
    linkSync(partial, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    closeSync(fd);
    unlinkSync(partial);
    syncFolder(folder);
  }
}
