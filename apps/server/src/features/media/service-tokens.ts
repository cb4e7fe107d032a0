import { createHash } from 'node:crypto';
import {
  type CallCid,
  isCallCid,
  SERVICE_KINDS,
  type ServiceKind,
  type SessionId,
  TRACK_KINDS,
  type TrackKind,
} from '@callgate/contract';
import { createDecoder, createVerifier, TokenError } from 'fast-jwt';
import { ApiError, notAllowed } from '../../kernel/errors.ts';
import type { JoinClaims, ServiceClaims, ServiceGrants } from './join-token.ts';

/** A key of the operator's that services sign their tokens with. */
export interface ServiceKey {
  key: string;
  secret: string;
  /** What may come in with it. */
  kinds: readonly ServiceKind[];
  /** False: whoever comes with it only receives. */
  publishes: boolean;
}

/** What the operator lets in of participants that belong to no user. */
export interface ServiceRules {
  /** Undefined: there is no such key (any more). */
  key(name: string): ServiceKey | undefined;
  /** Whether services of this kind may dial the media server by themselves. */
  mayDial(kind: ServiceKind): boolean;
}

/** Longest token that is looked at. */
const MAX_LENGTH = 4096;
/** Characters that are kept of what a service calls itself; media servers take 256 for an identity. */
const NAME_LENGTH = 128;
/** How far `nbf` may lie ahead, in seconds: the clocks of machines differ. */
const LEEWAY_S = 60;

/** Nobody's key, and whatever is of a known kind may dial: what holds without configuration. */
export const serviceRules = (keys: readonly ServiceKey[], dialling: readonly ServiceKind[]): ServiceRules => {
  const byName = new Map(keys.map((one) => [one.key, one]));
  const kinds = new Set(dialling);
  return { key: (name) => byName.get(name), mayDial: (kind) => kinds.has(kind) };
};

/** The kind that a text of the media protocol names, in whatever case; undefined: none of a service. */
export const serviceKindOf = (text: unknown): ServiceKind | undefined =>
  typeof text === 'string' ? SERVICE_KINDS.find((kind) => kind === text.toLowerCase()) : undefined;

/**
 * Reads a token that is signed with a key of `CALLGATE_SERVICE_KEYS`, in the form of LiveKit's access tokens. Undefined: it
 * names no such key, and is for others to judge. Throws 401: signature (43), expired (40), no expiry, unreadable (5);
 * 403/17 for a kind that the key is not good for.
 */
export function readServiceToken(
  { key: keyOf }: ServiceRules,
  token: string,
  now: number,
): (JoinClaims & { service: ServiceClaims }) | undefined {
  const key = keyOf(issuerOf(token) ?? '');
  if (!key) return undefined;
  const payload = verified(key, token);
  demandInTime(payload, now);
  const { sub, name, kind: said, video = {} } = payload;
  const { room, roomJoin, hidden } = video;
  if (typeof sub !== 'string' || sub === '' || typeof room !== 'string' || roomJoin !== true)
    throw new ApiError('authentication', 'a service token needs `sub`, `video.room` and `video.roomJoin`');
  if (!isCallCid(room)) throw new ApiError('authentication', '`video.room` must be a call, `type:id`');
  const kind = serviceKindOf(said);
  if (!kind || !key.kinds.includes(kind)) throw kindRefused();
  const sessionId = sessionOf(key, token);
  return {
    ...{ sessionId, cid: room as CallCid, epoch: 0, identity: serviceIdentity(kind, sub, sessionId) },
    service: {
      ...{ kind, key: key.key, isHidden: hidden === true, grants: grantsOf(video) },
      name: (typeof name === 'string' && name !== '' ? name : sub).slice(0, NAME_LENGTH),
    },
  };
}

/** No user id has a colon, so a service is never taken for a person. */
const serviceIdentity = (kind: ServiceKind, sub: string, id: SessionId): string =>
  `${kind}:${sub.slice(0, NAME_LENGTH)}#${id}`;

/**
 * One token is one session, as a join token is: whoever is removed does not come back with it. Of what is signed, and not of
 * the signature, which has more than one spelling.
 */
function sessionOf({ key }: ServiceKey, token: string): SessionId {
  const signed = token.slice(0, token.lastIndexOf('.'));
  const hex = createHash('sha256').update(`service ${key} ${signed}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}` as SessionId;
}

interface Payload {
  sub?: unknown;
  name?: unknown;
  kind?: unknown;
  exp?: unknown;
  nbf?: unknown;
  video?: Record<string, unknown>;
}

const decode = createDecoder();

function issuerOf(token: string): string | undefined {
  if (token.length > MAX_LENGTH) return undefined;
  try {
    const { iss } = decode(token) as { iss?: unknown };
    return typeof iss === 'string' ? iss : undefined;
  } catch {
    return undefined;
  }
}

function verified({ secret }: ServiceKey, token: string): Payload {
  try {
    const payload: Payload = createVerifier({
      ...{ key: secret, algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true },
    })(token);
    const { video } = payload;
    if (typeof video === 'object' && video !== null) return payload;
  } catch (cause) {
    if (cause instanceof TokenError && cause.code === TokenError.codes.invalidSignature)
      throw new ApiError(
        'token_signature_invalid',
        'service token was not signed with the secret of its key',
      );
  }
  throw new ApiError('authentication', 'service token cannot be read');
}

function demandInTime({ exp, nbf }: Payload, now: number): void {
  if (typeof exp !== 'number') throw new ApiError('authentication', 'a service token needs `exp`');
  if (exp * 1000 <= now) throw new ApiError('token_expired', 'service token has expired');
  const isEarly = nbf !== undefined && (typeof nbf !== 'number' || (nbf - LEEWAY_S) * 1000 > now);
  if (isEarly) throw new ApiError('authentication', '`nbf` of the service token lies ahead');
}

/** In the media protocol's words; what is not said is allowed there, and no source said is all of them. */
const SOURCES: Record<string, TrackKind> = {
  microphone: 'audio',
  camera: 'video',
  screen_share: 'screenshare',
  screen_share_audio: 'screenshare_audio',
};

function grantsOf(video: Record<string, unknown>): ServiceGrants {
  const { canPublish = true, canPublishSources = [], canPublishData, canSubscribe = true } = video;
  const named = Array.isArray(canPublishSources) ? canPublishSources : ['none'];
  const sources = named.map((source) => SOURCES[String(source).toLowerCase()]);
  const kinds = TRACK_KINDS.filter((kind) => named.length === 0 || sources.includes(kind));
  const mayPublish = canPublish === true;
  return {
    kinds: mayPublish ? kinds : [],
    sendsData: canPublishData === undefined ? mayPublish : canPublishData === true,
    receives: canSubscribe === true,
  };
}

function kindRefused(): ApiError {
  const error = notAllowed('the `kind` of the service token is not one that its key is good for');
  error.details.push({ reason: 'service_kind' });
  return error;
}
