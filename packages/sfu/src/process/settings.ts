import { isIP } from 'node:net';
import type { IceServer, SfuSettings } from './control.ts';

/** A setting is wrong; the message names it and says what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

const MIN_SECRET = 16;
const MAX = { keys: 20, servers: 10, urls: 10, text: 2_048 };

type Fields = Readonly<Record<string, unknown>>;

/** Reads settings that came over the control pipe, with their defaults. Throws `SettingsError`. */
export function readSettings(value: unknown): SfuSettings {
  const fields = fieldsOf('settings', value);
  for (const name of Object.keys(fields))
    if (!Object.hasOwn(READERS, name)) throw new SettingsError(`${name}: no such setting`);
  const { keys, host = '127.0.0.1', port = 0, udpPort = 7882, iceServers = [], autoCreate = true } = fields;
  const { udpHost, advertisedAddress, webhookUrl } = fields;
  return {
    keys: READERS.keys(keys),
    host: READERS.host(host),
    port: READERS.port(port),
    udpPort: READERS.udpPort(udpPort),
    iceServers: READERS.iceServers(iceServers),
    autoCreate: READERS.autoCreate(autoCreate),
    ...(udpHost !== undefined && { udpHost: READERS.udpHost(udpHost) }),
    ...(advertisedAddress !== undefined && {
      advertisedAddress: READERS.advertisedAddress(advertisedAddress),
    }),
    ...(webhookUrl !== undefined && { webhookUrl: READERS.webhookUrl(webhookUrl) }),
  };
}

const READERS = {
  keys: readKeys,
  host: (value: unknown) => readAddress('host', value),
  port: (value: unknown) => readPort('port', value, 0),
  udpPort: (value: unknown) => readPort('udpPort', value, 1),
  udpHost: (value: unknown) => readAddress('udpHost', value),
  advertisedAddress: (value: unknown) => readAddress('advertisedAddress', value),
  iceServers: readIceServers,
  webhookUrl: readWebhookUrl,
  autoCreate: readFlag,
};

function readKeys(value: unknown): Record<string, string> {
  const entries = Object.entries(fieldsOf('keys', value));
  if (entries.length === 0 || entries.length > MAX.keys)
    throw new SettingsError(`keys: give 1 to ${MAX.keys} keys with their secrets`);
  return Object.fromEntries(
    entries.map(([key, secret]): [string, string] => {
      if (key === '' || typeof secret !== 'string' || secret.length < MIN_SECRET)
        throw new SettingsError(`keys: a secret has at least ${MIN_SECRET} characters`);
      return [key, secret];
    }),
  );
}

function readAddress(name: string, value: unknown): string {
  if (typeof value === 'string' && isIP(value) !== 0) return value;
  throw new SettingsError(`${name}: give an address, e.g. 127.0.0.1`);
}

function readPort(name: string, value: unknown, least: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= 65_535) return value;
  throw new SettingsError(`${name}: give a port from ${least} to 65535`);
}

function readFlag(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new SettingsError('autoCreate: give true or false');
}

function readIceServers(value: unknown): IceServer[] {
  if (!Array.isArray(value) || value.length > MAX.servers)
    throw new SettingsError(`iceServers: give a list of at most ${MAX.servers}`);
  return value.map((one: unknown): IceServer => {
    const { urls, username, credential } = fieldsOf('iceServers', one);
    if (!Array.isArray(urls) || urls.length === 0 || urls.length > MAX.urls || !urls.every(isIceUrl))
      throw new SettingsError('iceServers: `urls` is a list of stun:, turn: or turns: addresses');
    return {
      urls,
      ...(username !== undefined && { username: readText('username', username) }),
      ...(credential !== undefined && { credential: readText('credential', credential) }),
    };
  });
}

const isIceUrl = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX.text && /^(stuns?|turns?):[!-~]+$/.test(value);

function readText(name: string, value: unknown): string {
  if (typeof value === 'string' && value.length <= MAX.text) return value;
  throw new SettingsError(`iceServers: \`${name}\` is a text of at most ${MAX.text} characters`);
}

function readWebhookUrl(value: unknown): string {
  const url =
    typeof value === 'string' && value.length <= MAX.text && URL.canParse(value) ? new URL(value) : null;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url.href;
  throw new SettingsError('webhookUrl: give an http or https address');
}

function fieldsOf(name: string, value: unknown): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new SettingsError(`${name}: give an object`);
}
