import { createHmac } from 'node:crypto';
import { isCallCid, isUserId, ROLE_NAME_PATTERN } from '@callgate/contract';
import { readCredentials } from '@callgate/server/credentials.ts';
import { CliError, type Context, configOf } from './context.ts';

export interface TokenOptions {
  user?: string;
  server?: boolean;
  expires: string;
  call?: string[];
  role?: string;
  dataDir?: string;
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
/** 100 years in seconds. */
const MAX_SECONDS = 100 * 365 * 86_400;

/** Prints a token and nothing else, so that it can stand in `$(…)`. */
export function printToken(context: Context, options: TokenOptions): void {
  const claims = claimsOf(options, Math.floor(context.clock.now() / 1000));
  const credentials = readCredentials(configOf(context, options));
  if (!credentials) {
    throw new CliError(
      'There is no secret yet: start the server once in this folder (npm start), or name its data folder with --data-dir.',
    );
  }
  context.out(`${signed(claims, credentials.apiSecret)}\n`);
}

function claimsOf(options: TokenOptions, now: number): Record<string, unknown> {
  const { user, server = false, call, role, expires } = options;
  if (server === (user !== undefined))
    throw new CliError('Name a user with --user, or ask for --server: one of the two.');
  const seconds = secondsOf(expires);
  const times = { iat: now, ...(seconds !== undefined && { exp: now + seconds }) };
  if (server) {
    if (call ?? role)
      throw new CliError('--call and --role go with --user: a server token may do everything.');
    return { server: true, ...times };
  }
  demandWellFormed(user ?? '', call, role);
  return { user_id: user, ...(call && { call_cids: call }), ...(role !== undefined && { role }), ...times };
}

function demandWellFormed(user: string, calls: string[] | undefined, role: string | undefined): void {
  if (!isUserId(user)) throw new CliError('--user must be 1 to 255 of A-Z a-z 0-9 _ @ . -');
  if (calls && !calls.every(isCallCid))
    throw new CliError('--call must be of the form type:id, e.g. default:standup');
  if (role === undefined) return;
  if (!calls) throw new CliError('--role holds in the calls of --call: name at least one.');
  if (!new RegExp(ROLE_NAME_PATTERN).test(role)) throw new CliError('--role must be the name of a role.');
}

/** `never` is undefined. */
function secondsOf(expires: string): number | undefined {
  if (expires === 'never') return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,9})([smhd])$/.exec(expires) ?? [];
  const seconds = Number(count) * UNITS[(unit ?? 's') as keyof typeof UNITS];
  if (Number.isNaN(seconds) || seconds > MAX_SECONDS) {
    throw new CliError('--expires must be a time such as 30m, 1h or 7d (100 years at most), or never.');
  }
  return seconds;
}

/** A JSON Web Token, HS256. */
function signed(claims: Record<string, unknown>, secret: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}
