import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { type ParseError, parse as parseJsonc, printParseErrorCode } from 'jsonc-parser';
import { type ConfigKey, KEYS, type KeyName } from './config-keys.ts';
import { ConfigError } from './config-parse.ts';

export { ConfigError } from './config-parse.ts';

/** Every setting of the server, checked and frozen. Names and meanings: docs/reference/config.md. */
export type Config = Readonly<{ [K in KeyName]: ReturnType<(typeof KEYS)[K]['parse']> | Default<K> }>;
type Default<K extends KeyName> = (typeof KEYS)[K]['default'];

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The configuration: defaults, over them the optional file that `CALLGATE_CONFIG` names (JSON, comments
 * allowed), over it the environment. Unknown keys of the file and unknown `CALLGATE_*` variables are refused by
 * name; values are never in a message. Throws `ConfigError` with one sentence.
 */
export function loadConfig(env: Environment, cwd: string): Config {
  refuseUnknownVariables(env);
  const file = env.CALLGATE_CONFIG ? readConfigFile(resolve(cwd, env.CALLGATE_CONFIG)) : {};
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(KEYS) as KeyName[]) {
    const key: ConfigKey<unknown, unknown> = KEYS[name];
    const fromEnv = env[key.env];
    if (fromEnv !== undefined && fromEnv !== '') values[name] = read(key.env, key.parse, fromEnv);
    else if (key.file in file)
      values[name] = read(`${key.file} (configuration file)`, key.parse, file[key.file]);
    else values[name] = key.default;
  }
  const config = { ...values, dataDir: resolve(cwd, String(values.dataDir)) } as Config;
  demandSupported(config);
  return Object.freeze(config);
}

/** The environment of this process: the one place that reads it. */
export const processEnvironment = (): Environment => process.env;

/** Who carries the media: LiveKit where it is named, else the media server inside, unless that is switched off. */
export const mediaOf = ({ media, livekitUrl }: Config): 'livekit' | 'embedded' | 'none' =>
  livekitUrl === null ? (media ?? 'embedded') : 'livekit';

/** Whether the server is reachable from this machine only. */
export const isLoopback = (host: string): boolean => {
  if (host === 'localhost') return true;
  return isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback';
};

function read<T>(name: string, parse: (raw: unknown) => T, raw: unknown): T {
  try {
    return parse(raw);
  } catch (error) {
    if (error instanceof ConfigError) throw new ConfigError(`${name} ${error.message}.`);
    throw error;
  }
}

/** Read by test and development tools, not by the server. */
const FOREIGN = /^CALLGATE_(TEST|BENCH)_/;

function refuseUnknownVariables(env: Environment): void {
  const known = new Set<string>(['CALLGATE_CONFIG', ...Object.values(KEYS).map((key) => key.env)]);
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith('CALLGATE_') && !known.has(name) && !FOREIGN.test(name),
  );
  if (unknown.length === 0) return;
  throw new ConfigError(
    `${unknown.sort().join(', ')}: no such setting. The settings are listed in docs/reference/config.md.`,
  );
}

function readConfigFile(path: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  const content: unknown = parseJsonc(textOf(path), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first) {
    throw new ConfigError(
      `${path}: not valid JSON (${printParseErrorCode(first.error)} at character ${first.offset}).`,
    );
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new ConfigError(`${path}: must hold one JSON object.`);
  }
  const known = new Set<string>(Object.values(KEYS).map((key) => key.file));
  const unknown = Object.keys(content).filter((name) => !known.has(name));
  if (unknown.length > 0) {
    throw new ConfigError(
      `${path}: no such setting: ${unknown.sort().join(', ')}. The settings are listed in docs/reference/config.md.`,
    );
  }
  return content as Record<string, unknown>;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError(`CALLGATE_CONFIG: ${path} cannot be read.`, { cause });
  }
}

/** The combinations of design section 2; what comes later is refused with a sentence. */
function demandSupported(config: Config): void {
  if (config.redisUrl !== null) {
    throw new ConfigError('REDIS_URL: several nodes on Redis come in a later version; unset it.');
  }
  const livekit = [config.livekitUrl, config.livekitApiKey, config.livekitApiSecret];
  if (livekit.some((value) => value !== null) && livekit.some((value) => value === null)) {
    throw new ConfigError('LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET: set all three or none.');
  }
  if (config.media !== null && config.livekitUrl !== null) {
    throw new ConfigError('CALLGATE_MEDIA: either that, or LIVEKIT_URL; unset one of them.');
  }
  demandKeysApart(config);
  if (!isLoopback(config.host) && config.apiSecret === null) {
    throw new ConfigError(
      `HOST: listening on another address than loopback needs CALLGATE_API_SECRET (and CALLGATE_API_KEY) set explicitly.`,
    );
  }
  if ((config.apiKey === null) !== (config.apiSecret === null)) {
    throw new ConfigError('CALLGATE_API_KEY and CALLGATE_API_SECRET: set both or none.');
  }
}

/** LiveKit hands tokens of its own key to whoever dials it: such a token must open no door here. */
function demandKeysApart({ serviceKeys, livekitApiKey, livekitApiSecret }: Config): void {
  const names = serviceKeys.map(({ key }) => key);
  const isTaken = serviceKeys.some(({ key, secret }) => key === livekitApiKey || secret === livekitApiSecret);
  if (isTaken || new Set(names).size < names.length)
    throw new ConfigError(
      'CALLGATE_SERVICE_KEYS: each key has a name of its own, and none is that of LiveKit.',
    );
}
