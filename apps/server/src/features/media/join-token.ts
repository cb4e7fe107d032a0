import { createHmac } from 'node:crypto';
import type { CallCid, ServiceKind, SessionId, TrackKind } from '@callgate/contract';
import { createSigner, createVerifier, TokenError } from 'fast-jwt';
import { ApiError } from '../../kernel/errors.ts';

/** How long a join token opens the door, in milliseconds. The door hands out fresh ones while a session lasts. */
export const JOIN_TOKEN_MS = 60 * 60 * 1000;
/** Longest token that is looked at. */
const MAX_LENGTH = 4096;

/** What a token asks for; the key bounds it. */
export interface ServiceGrants {
  kinds: readonly TrackKind[];
  sendsData: boolean;
  receives: boolean;
}

/** What the token of a service says of it, beside the session and the call that it is good for. */
export interface ServiceClaims {
  kind: ServiceKind;
  key: string;
  name: string;
  isHidden: boolean;
  grants: ServiceGrants;
}

/** What a join token names. It says nothing of what the person may do: that is read when it is used. */
export interface JoinClaims {
  sessionId: SessionId;
  cid: CallCid;
  identity: string;
  /** The person's epoch in the call when it was made (api.md 0.12). */
  epoch: number;
  /** Whom it lets in belongs to no user, and no join made its session: the door does. */
  service?: ServiceClaims;
}

/** Makes and reads join tokens. */
export interface JoinTokens {
  /** Whole seconds; `expiresAt` in milliseconds. */
  sign(claims: JoinClaims, now: number): { token: string; expiresAt: number };
  /** Throws 401: not ours (5, 43), expired (40). */
  verify(token: string, now: number): JoinClaims;
}

/**
 * HS256 with a key of its own, made of the application's secret: a user token opens no door, and a join token is no
 * user token. It has the form of the media protocol's tokens, for clients that look into theirs.
 */
export function createJoinTokens(apiSecret: () => string): JoinTokens {
  let made: ReturnType<typeof make> | undefined;
  const tools = () => {
    made ??= make(apiSecret());
    return made;
  };
  return {
    sign({ sessionId, cid, identity, epoch }, now) {
      const iat = Math.floor(now / 1000);
      const exp = iat + JOIN_TOKEN_MS / 1000;
      const token = tools().sign({
        ...{ sub: identity, session_id: sessionId, epoch, iat, nbf: iat - 60, exp },
        video: { room: cid, roomJoin: true },
      });
      return { token, expiresAt: exp * 1000 };
    },
    verify(token, now) {
      const claims = readClaims(tools().verify, token);
      if (claims.exp * 1000 <= now) throw new ApiError('token_expired', 'join token has expired; join again');
      return claims;
    },
  };
}

function make(apiSecret: string) {
  const key = createHmac('sha256', apiSecret).update('callgate join tokens').digest();
  return {
    sign: createSigner({ key, algorithm: 'HS256' }),
    verify: createVerifier({ key, algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true }),
  };
}

function readClaims(verify: (token: string) => unknown, token: string): JoinClaims & { exp: number } {
  if (token.length > MAX_LENGTH)
    throw new ApiError('authentication', `join token is longer than ${MAX_LENGTH}`);
  let payload: Record<string, unknown>;
  try {
    payload = verify(token) as Record<string, unknown>;
  } catch (cause) {
    const isForged = cause instanceof TokenError && cause.code === TokenError.codes.invalidSignature;
    throw isForged
      ? new ApiError('token_signature_invalid', 'join token was not made by this server; join again')
      : new ApiError('authentication', 'join token cannot be read; use the one that `join` answered');
  }
  const { session_id, sub, epoch, exp, video } = payload;
  const room = (video as { room?: unknown } | undefined)?.room;
  if (
    typeof session_id !== 'string' ||
    typeof sub !== 'string' ||
    typeof epoch !== 'number' ||
    typeof exp !== 'number' ||
    typeof room !== 'string'
  ) {
    throw new ApiError('authentication', 'this is not a join token; use the one that `join` answered');
  }
  return { sessionId: session_id as SessionId, identity: sub, cid: room as CallCid, epoch, exp };
}
