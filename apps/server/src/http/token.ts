import {
  type CallCid,
  canonicalRole,
  isCallCid,
  isUserId,
  ROLE_NAME_PATTERN,
  type RoleName,
  type UserId,
} from '@callgate/contract';
import { createVerifier, TokenError } from 'fast-jwt';
import type { TokenClaims } from '../features/policy/index.ts';
import { BoundedMap } from '../kernel/bounded-map.ts';
import { ApiError } from '../kernel/errors.ts';

/** What a valid token says. `userId` null: a call token for anonymous callers. */
export type VerifiedToken =
  | { kind: 'server'; issuedAt: number | null }
  | { kind: 'user'; userId: UserId | null; claims: TokenClaims };

/** Longest token that is looked at. */
const MAX_TOKEN_LENGTH = 8192;
/** Tokens that are remembered; a token is 200 to 500 bytes. */
const REMEMBERED = { entries: 5000, characters: 4 * 1024 * 1024 };
const MAX_CALL_CIDS = 100;
const roleName = new RegExp(ROLE_NAME_PATTERN);

const refused = (message: string): ApiError => new ApiError('authentication', message);

/**
 * Checks tokens: HS256 with the application's secret only. Signature and claims of accepted tokens are remembered by
 * the token's text, refused ones never; times are compared with the clock that is handed in at every call, `exp`
 * without tolerance. Throws the documented 401 errors.
 */
export function tokenVerifier(options: {
  secret: string;
  skewSeconds: number;
}): (token: string, nowMs: number) => VerifiedToken {
  // Its own cache hashes the whole token at every call: 2.5 µs, where a look-up by the text takes 0.3.
  const verify = createVerifier({
    key: options.secret,
    algorithms: ['HS256'],
    ignoreExpiration: true,
    ignoreNotBefore: true,
  });
  const skewMs = options.skewSeconds * 1000;
  const accepted = new BoundedMap<{ times: Times; verified: VerifiedToken }>(REMEMBERED);
  return (token, nowMs) => {
    if (token.length > MAX_TOKEN_LENGTH) throw refused(`token is longer than ${MAX_TOKEN_LENGTH} characters`);
    const known = accepted.get(token);
    if (known !== undefined) {
      demandInForce(known.times, nowMs, skewMs);
      return known.verified;
    }
    const payload = payloadOf(verify, token);
    const times = timesOf(payload);
    demandInForce(times, nowMs, skewMs);
    const verified = claimsOf(payload, times);
    accepted.set(token, { times, verified });
    return verified;
  };
}

function payloadOf(verify: (token: string) => unknown, token: string): Record<string, unknown> {
  let payload: unknown;
  try {
    payload = verify(token);
  } catch (cause) {
    throw tokenError(cause);
  }
  if (typeof payload === 'object' && payload !== null && !Array.isArray(payload)) {
    return payload as Record<string, unknown>;
  }
  throw refused('token holds no claims');
}

function tokenError(cause: unknown): ApiError {
  const code = cause instanceof TokenError ? cause.code : undefined;
  if (code === TokenError.codes.invalidSignature || code === TokenError.codes.missingSignature) {
    return new ApiError(
      'token_signature_invalid',
      'token is not signed with the secret of this application',
      { cause },
    );
  }
  if (code === TokenError.codes.invalidAlgorithm) {
    return new ApiError('token_signature_invalid', 'token must be signed with HS256', { cause });
  }
  return new ApiError('authentication', 'token is not a JSON Web Token', { cause });
}

interface Times {
  iat: number | null;
  nbf: number | null;
  exp: number | null;
}

function timesOf(payload: Record<string, unknown>): Times {
  return { iat: timeClaim(payload, 'iat'), nbf: timeClaim(payload, 'nbf'), exp: timeClaim(payload, 'exp') };
}

/** Year 9999 in seconds: the last time that the API can write. */
const MAX_SECONDS = 253_402_300_799;

function timeClaim(payload: Record<string, unknown>, name: 'iat' | 'nbf' | 'exp'): number | null {
  const value = payload[name];
  if (value === undefined) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= MAX_SECONDS)
    return value * 1000;
  if (name === 'iat')
    throw new ApiError('token_iat_wrong', 'claim iat must be a number of seconds since 1970');
  throw refused(`claim ${name} must be a number of seconds since 1970`);
}

function demandInForce({ iat, nbf, exp }: Times, nowMs: number, skewMs: number): void {
  if (exp !== null && exp <= nowMs) throw new ApiError('token_expired', 'token has expired; make a new one');
  if (nbf !== null && nbf > nowMs + skewMs) {
    throw new ApiError('token_not_yet_valid', 'token is not valid yet (claim nbf)');
  }
  if (iat !== null && iat > nowMs + skewMs) {
    throw new ApiError(
      'token_iat_wrong',
      'token was issued in the future (claim iat); check the clock of its maker',
    );
  }
}

function claimsOf(payload: Record<string, unknown>, { iat, exp }: Times): VerifiedToken {
  const { server, user_id } = payload;
  if (server !== undefined && typeof server !== 'boolean')
    throw refused('claim server must be true or false');
  if (server === true) {
    if (user_id !== undefined) throw refused('token must carry either server or user_id, not both');
    return { kind: 'server', issuedAt: iat };
  }
  if (
    user_id !== undefined &&
    !(typeof user_id === 'string' && (isUserId(user_id) || user_id === ANONYMOUS_ID))
  ) {
    throw refused('claim user_id must be 1 to 255 of A-Z a-z 0-9 _ @ . -');
  }
  const userId = user_id === undefined || user_id === ANONYMOUS_ID ? null : (user_id as UserId);
  const claims = {
    ...{ issuedAt: iat, expiresAt: exp, callCids: callCids(payload), role: role(payload) },
    ...(callsOnly(payload) && { callsOnly: true }),
  };
  return { kind: 'user', userId, claims };
}

/** The id that SDKs of this API family put into tokens of anonymous callers. */
const ANONYMOUS_ID = '!anon';

function callCids({ call_cids: cids }: Record<string, unknown>): readonly CallCid[] | null {
  if (cids === undefined) return null;
  const isList = Array.isArray(cids) && cids.length <= MAX_CALL_CIDS;
  if (isList && cids.every((cid): cid is CallCid => typeof cid === 'string' && isCallCid(cid))) return cids;
  throw refused(`claim call_cids must be a list of at most ${MAX_CALL_CIDS} texts of the form type:id`);
}

function role({ role: name }: Record<string, unknown>): RoleName | null {
  if (name === undefined) return null;
  if (typeof name === 'string' && roleName.test(name)) return canonicalRole(name);
  throw refused('claim role must be the name of a role');
}

function callsOnly({ calls_only: only }: Record<string, unknown>): boolean {
  if (only === undefined || typeof only === 'boolean') return only === true;
  throw refused('claim calls_only must be true or false');
}
