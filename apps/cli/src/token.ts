import { isCallCid, isUserId, ROLE_NAME_PATTERN, type RoleName, type UserId } from '@callgate/contract';
import { readCredentials } from '@callgate/server/credentials.ts';
import {
  signServerToken,
  signUserToken,
  type UserTokenClaims,
} from '@callgate/server/features/users/token.ts';
import { CliError, type Context, configOf } from './context.ts';

export interface TokenOptions {
  user?: string;
  server?: boolean;
  expires: string;
  call?: string[];
  role?: string;
  dataDir?: string;
}

const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** 100 years in milliseconds. */
const LONGEST_MS = 100 * 365 * UNITS.d;

/** Prints a token and nothing else, so that it can stand in `$(...)`. */
export function printToken(context: Context, options: TokenOptions): void {
  const now = context.clock.now();
  const lifetime = lifetimeOf(options.expires);
  const expiresAt = lifetime === undefined ? undefined : now + lifetime;
  const claims = claimsOf(options);
  const credentials = readCredentials(configOf(context, options));
  if (!credentials) {
    throw new CliError(
      'There is no secret yet: start the server once in this folder (npm start), or name its data folder with --data-dir.',
    );
  }
  const { apiSecret } = credentials;
  const token = claims
    ? signUserToken(apiSecret, { ...claims, issuedAt: now, ...(expiresAt !== undefined && { expiresAt }) })
    : signServerToken(apiSecret, now, expiresAt);
  context.out(`${token}\n`);
}

/** Undefined: a server token. */
function claimsOf({ user, server, call, role }: TokenOptions): Omit<UserTokenClaims, 'issuedAt'> | undefined {
  if ((server === true) === (user !== undefined)) {
    throw new CliError('Name a user with --user, or ask for --server: one of the two.');
  }
  if (user === undefined) {
    if (call ?? role)
      throw new CliError('--call and --role go with --user: a server token may do everything.');
    return undefined;
  }
  return { userId: userIdOf(user), ...(call && { callCids: cidsOf(call) }), ...roleOf(role, call) };
}

function userIdOf(user: string): UserId {
  if (isUserId(user)) return user;
  throw new CliError('--user must be 1 to 255 of A-Z a-z 0-9 _ @ . -');
}

function cidsOf(calls: string[]) {
  if (calls.every(isCallCid)) return calls;
  throw new CliError('--call must be of the form type:id, e.g. default:standup.');
}

function roleOf(role: string | undefined, call: string[] | undefined): { role?: RoleName } {
  if (role === undefined) return {};
  if (!call) throw new CliError('--role holds in the calls of --call: name at least one.');
  if (!new RegExp(ROLE_NAME_PATTERN).test(role)) throw new CliError('--role must be the name of a role.');
  return { role: role as RoleName };
}

/** In milliseconds; `never` is undefined. */
function lifetimeOf(expires: string): number | undefined {
  if (expires === 'never') return undefined;
  const [, count, unit] = /^([1-9][0-9]{0,9})([smhd])$/.exec(expires) ?? [];
  const lifetime = Number(count) * UNITS[(unit ?? 's') as keyof typeof UNITS];
  if (lifetime <= LONGEST_MS) return lifetime;
  throw new CliError('--expires must be a time such as 30m, 1h or 7d (100 years at most), or never.');
}
