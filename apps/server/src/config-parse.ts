import { SERVICE_KINDS, type ServiceKind } from '@callgate/contract';
import ipaddr from 'ipaddr.js';

/** A value of the configuration that cannot be used. The message says what is expected and never the value. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/** Reads a value of the environment (text) or of the file (any JSON); throws a complaint without the value. */
export type Parse<T> = (raw: unknown) => T;

const refuse = (expected: string): never => {
  throw new ConfigError(`must be ${expected}`);
};

/** A text that is not empty. */
export const text: Parse<string> = (raw) =>
  typeof raw === 'string' && raw !== '' ? raw : refuse('a text that is not empty');

/** A whole number in a range, given as a number or in its canonical decimal form. */
export const wholeNumber =
  (min: number, max: number): Parse<number> =>
  (raw) => {
    const value = typeof raw === 'string' && /^(0|[1-9][0-9]{0,15})$/.test(raw) ? Number(raw) : raw;
    return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
      ? value
      : refuse(`a whole number from ${min} to ${max}`);
  };

/** `true` or `false`; the environment may also say `1` or `0`. */
export const flag: Parse<boolean> = (raw) => {
  if (raw === true || raw === 'true' || raw === '1') return true;
  return raw === false || raw === 'false' || raw === '0' ? false : refuse('true or false');
};

/** One of the listed texts. */
export const oneOf =
  <const T extends string>(...values: T[]): Parse<T> =>
  (raw) =>
    values.find((value) => value === raw) ?? refuse(`one of ${values.join(', ')}`);

/** A list: an array in the file, separated by commas in the environment. */
export const listOf =
  <T>(item: Parse<T>): Parse<readonly T[]> =>
  (raw) => {
    const items = typeof raw === 'string' ? raw.split(',').map((part) => part.trim()) : raw;
    if (!Array.isArray(items)) return refuse('a list');
    return Object.freeze(items.filter((part) => part !== '').map(item));
  };

/** A secret that is long enough to sign with. */
export const secret: Parse<string> = (raw) =>
  typeof raw === 'string' && raw.length >= 16 ? raw : refuse('a secret of at least 16 characters');

/** A browser origin as browsers send it: scheme, host and port without a path. */
export const origin: Parse<string> = (raw) => {
  const parsed = typeof raw === 'string' && URL.canParse(raw) ? new URL(raw) : undefined;
  return parsed && /^https?:$/.test(parsed.protocol) && parsed.origin === raw
    ? parsed.origin
    : refuse('an origin such as https://example.com (no path, no slash at the end)');
};

/** An IP address. */
export const address: Parse<string> = (raw) =>
  typeof raw === 'string' && ipaddr.isValid(raw) && raw.match(/[.:]/)
    ? raw
    : refuse('an IP address such as 203.0.113.7');

/** An address, or a CIDR range of addresses. */
export const addressRange: Parse<string> = (raw) => {
  if (typeof raw === 'string' && (ipaddr.isValid(raw) || ipaddr.isValidCIDR(raw))) return raw;
  return refuse('an IP address or a CIDR range such as 10.0.0.0/8');
};

/** A URL with one of the schemes. */
export const url =
  (...schemes: string[]): Parse<string> =>
  (raw) =>
    typeof raw === 'string' && URL.canParse(raw) && schemes.includes(new URL(raw).protocol.slice(0, -1))
      ? raw
      : refuse(`a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`);

/** A key that services sign their tokens with, and what they may be and do. */
export interface ServiceKeySetting {
  key: string;
  secret: string;
  kinds: readonly ServiceKind[];
  publishes: boolean;
}

/** `name:kind+kind:publish:secret`; the secret is last, since it may hold colons. */
export const serviceKey: Parse<ServiceKeySetting> = (raw) => {
  const parts =
    typeof raw === 'string' ? /^([\w.-]{1,64}):([a-z+]+):(publish|subscribe):(.{16,})$/.exec(raw) : null;
  const [, key = '', named = '', right, sharedSecret = ''] = parts ?? [];
  const kinds = named.split('+').map((kind) => SERVICE_KINDS.find((one) => one === kind));
  if (!parts || kinds.includes(undefined))
    return refuse(
      `keys such as recorder:egress+agent:subscribe:<secret of 16 characters or more>, of kinds ${KINDS}`,
    );
  return Object.freeze({
    ...{ key, secret: sharedSecret, publishes: right === 'publish' },
    kinds: Object.freeze(kinds as ServiceKind[]),
  });
};

/** A STUN or TURN server, as clients are told of it. */
export interface IceServerSetting {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** `stun:` without credentials, `turn:` and `turns:` with name and password behind `|`. */
export const iceServer: Parse<IceServerSetting> = (raw) => {
  const parts =
    typeof raw === 'string'
      ? /^((stun|turn)s?:[^|\s]{1,500})(?:\|([^|]{1,500})\|([^|]{1,500}))?$/.exec(raw)
      : null;
  const [, address = '', scheme, username, credential] = parts ?? [];
  const isWhole = parts !== null && (scheme === 'turn') === (username !== undefined);
  if (!isWhole)
    return refuse('servers such as stun:stun.example.com:3478 or turn:turn.example.com:3478|name|password');
  return Object.freeze({
    urls: Object.freeze([address]),
    ...(username !== undefined && { username }),
    ...(credential !== undefined && { credential }),
  });
};

const KINDS = SERVICE_KINDS.join(', ');
const kindList = listOf(oneOf(...SERVICE_KINDS));

/** A list of kinds of services, or `none`. */
export const serviceKinds: Parse<readonly ServiceKind[]> = (raw) => (raw === 'none' ? [] : kindList(raw));
