import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { createSigner } from 'fast-jwt';

/** What a user token says. Times in milliseconds; tokens carry whole seconds, rounded down. */
export interface UserTokenClaims {
  userId: UserId;
  issuedAt: number;
  /** Absent: the token does not run out. */
  expiresAt?: number;
  /** The calls that the token speaks of: makes it a call token. */
  callCids?: readonly CallCid[];
  /** A call role in the calls of `callCids`. */
  role?: RoleName;
  /** The token reaches nothing but the calls of `callCids`. */
  callsOnly?: boolean;
}

/** A user or call token, signed with HS256. The same claims make the same token. */
export function signUserToken(secret: string, claims: UserTokenClaims): string {
  const { userId, issuedAt, expiresAt, callCids, role, callsOnly } = claims;
  return sign(secret, {
    user_id: userId,
    iat: seconds(issuedAt),
    ...(expiresAt !== undefined && { exp: seconds(expiresAt) }),
    ...(callCids && { call_cids: [...callCids] }),
    ...(role !== undefined && { role }),
    ...(callsOnly && { calls_only: true }),
  });
}

/** A server token, signed with HS256: it may do everything. Without `expiresAt` it does not run out. */
export const signServerToken = (secret: string, issuedAt: number, expiresAt?: number): string =>
  sign(secret, {
    server: true,
    iat: seconds(issuedAt),
    ...(expiresAt !== undefined && { exp: seconds(expiresAt) }),
  });

const seconds = (ms: number): number => Math.floor(ms / 1000);

/** `noTimestamp` would drop the `iat` of the payload too; with `iat` given, no clock is read. */
const sign = (secret: string, payload: { iat: number; [claim: string]: unknown }): string =>
  createSigner({ key: secret, algorithm: 'HS256' })(payload);
