import type { CallCid, RoleName, UserId } from '@callgate/contract';

/** Claims of a user's token that bear on policy. Times in milliseconds. */
export interface TokenClaims {
  issuedAt: number | null;
  expiresAt: number | null;
  /** `call_cids`: the calls that a call token speaks of; null for an ordinary token. */
  callCids: readonly CallCid[] | null;
  /** `role`: a call role, for the calls of `callCids` only. */
  role: RoleName | null;
  /** `calls_only`: the token reaches nothing but the calls of `callCids`; asked where requests come in. */
  callsOnly?: boolean;
}

/** Who sent a request, as the token says; the person's row is read in the act's own snapshot. */
export type Caller =
  | { kind: 'server' }
  | { kind: 'user'; userId: UserId; token: TokenClaims }
  /** `stream-auth-type: anonymous`, with a call token or none. Has an id only once joined. */
  | { kind: 'anonymous'; token: TokenClaims };

export const SERVER: Caller = { kind: 'server' };

/** Who an audit record or an idempotency key belongs to: `server`, `user:<id>` or `anonymous`. */
export const callerScope = (caller: Caller): string =>
  caller.kind === 'user' ? `user:${caller.userId}` : caller.kind;

/** The caller's user id; undefined for server tokens and anonymous callers. */
export const callerUserId = (caller: Caller): UserId | undefined =>
  caller.kind === 'user' ? caller.userId : undefined;
