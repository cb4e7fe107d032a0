import { type DestinationStream, type Logger, pino } from 'pino';

export type { Logger };

/** Fields that are never written, wherever they stand: secrets, tokens and anything that carries one. */
const REDACTED = [
  'authorization',
  'token',
  'secret',
  'api_secret',
  'access_token',
  'password',
  'signing_secret',
];

/** A structured logger; `level` as pino names it (default `info`). Secrets by name are replaced. */
export function createLogger(options: { level?: string; destination?: DestinationStream } = {}): Logger {
  const paths = REDACTED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  const settings = { level: options.level ?? 'info', redact: { paths, censor: '[hidden]' }, base: null };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
