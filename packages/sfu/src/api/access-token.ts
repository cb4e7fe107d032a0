import { ParticipantInfo_Kind, ParticipantPermission, TrackSource } from '@livekit/protocol';
import { createDecoder, createSigner, createVerifier } from 'fast-jwt';

/** Keys with their secrets, as LiveKit has them: a token names its key in `iss`. */
export type ApiKeys = ReadonlyMap<string, string>;

/** What a valid token says. */
export interface AccessClaims {
  /** Empty: the token is for the API, not for joining. */
  readonly identity: string;
  readonly name: string;
  readonly metadata: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly kind: ParticipantInfo_Kind;
  /** Undefined: no room in particular. */
  readonly room: string | undefined;
  readonly roomJoin: boolean;
  readonly roomAdmin: boolean;
  readonly roomCreate: boolean;
  readonly roomList: boolean;
  readonly permission: ParticipantPermission;
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

/** Why a token is not taken; LiveKit answers it by 401. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** Longest token in characters: metadata and attributes travel in it, and a request's head has 16 KB. */
const MAX_TOKEN = 16 * 1024;
/** How far clocks may differ, in seconds (livekit/protocol, auth/verifier.go). */
const LEEWAY_S = 60;
/** Longest identity, name and room, as LiveKit has them. */
const MAX_NAME = 256;

/** Checks access tokens: HS256 with one of the keys alone, within their times. */
export type VerifyAccessToken = (token: string, nowMs: number) => AccessClaims;

/** Throws `TokenRefused` with a sentence that holds nothing of the token. */
export function accessTokenVerifier(keys: ApiKeys): VerifyAccessToken {
  const verifiers = new Map(
    [...keys].map(([key, secret]) => [
      key,
      createVerifier({ key: secret, algorithms: ['HS256'], ignoreExpiration: true, ignoreNotBefore: true }),
    ]),
  );
  const decode = createDecoder();
  return (token, nowMs) => {
    if (token.length > MAX_TOKEN) throw new TokenRefused(`token is longer than ${MAX_TOKEN} characters`);
    const payload = attempt(() => {
      const { iss } = recordOf(decode(token), 'token');
      const verify = verifiers.get(typeof iss === 'string' ? iss : '');
      if (!verify) throw new TokenRefused('token names no key of this server in iss');
      return recordOf(verify(token), 'token');
    });
    demandInTime(payload, nowMs / 1000);
    return claimsOf(payload);
  };
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TokenRefused) throw cause;
    throw new TokenRefused('token is not a JSON Web Token signed by HS256 with a key of this server');
  }
}

function demandInTime(payload: Record<string, unknown>, nowS: number): void {
  const [exp, nbf, iat] = ['exp', 'nbf', 'iat'].map((name) => secondsOf(payload, name));
  if (exp === undefined) throw new TokenRefused('token has no exp');
  if (exp + LEEWAY_S <= nowS) throw new TokenRefused('token has expired');
  if ((nbf ?? 0) - LEEWAY_S > nowS) throw new TokenRefused('token is not valid yet (nbf)');
  if ((iat ?? 0) - LEEWAY_S > nowS) throw new TokenRefused('token was issued in the future (iat)');
}

function secondsOf(payload: Record<string, unknown>, name: string): number | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new TokenRefused(`${name} must be a number`);
  return value;
}

function claimsOf(payload: Record<string, unknown>): AccessClaims {
  const video = payload.video === undefined ? {} : recordOf(payload.video, 'video');
  const room = textOf(video, 'room', MAX_NAME);
  const kind = textOf(payload, 'kind', MAX_NAME);
  return {
    identity: textOf(payload, 'sub', MAX_NAME) ?? '',
    name: textOf(payload, 'name', MAX_NAME) ?? '',
    metadata: textOf(payload, 'metadata', MAX_TOKEN) ?? '',
    attributes: attributesOf(payload),
    kind: KINDS.get(kind?.toLowerCase() ?? '') ?? ParticipantInfo_Kind.STANDARD,
    room: room === '' ? undefined : room,
    roomJoin: isTrue(video, 'roomJoin'),
    roomAdmin: isTrue(video, 'roomAdmin'),
    roomCreate: isTrue(video, 'roomCreate'),
    roomList: isTrue(video, 'roomList'),
    permission: permissionOf(video),
    expiresAt: secondsOf(payload, 'exp') ?? 0,
  };
}

const KINDS: ReadonlyMap<string, ParticipantInfo_Kind> = new Map([
  ['ingress', ParticipantInfo_Kind.INGRESS],
  ['egress', ParticipantInfo_Kind.EGRESS],
  ['sip', ParticipantInfo_Kind.SIP],
  ['agent', ParticipantInfo_Kind.AGENT],
  ['connector', ParticipantInfo_Kind.CONNECTOR],
  ['bridge', ParticipantInfo_Kind.BRIDGE],
]);

const SOURCES: ReadonlyMap<unknown, TrackSource> = new Map([
  ['camera', TrackSource.CAMERA],
  ['microphone', TrackSource.MICROPHONE],
  ['screen_share', TrackSource.SCREEN_SHARE],
  ['screen_share_audio', TrackSource.SCREEN_SHARE_AUDIO],
]);

/** What a token leaves out about publishing, subscribing and data is allowed; an empty list of sources means all. */
function permissionOf(video: Record<string, unknown>): ParticipantPermission {
  return new ParticipantPermission({
    canPublish: isTrue(video, 'canPublish', true),
    canSubscribe: isTrue(video, 'canSubscribe', true),
    canPublishData: isTrue(video, 'canPublishData', true),
    canPublishSources: sourcesOf(video.canPublishSources ?? []),
    canUpdateMetadata: isTrue(video, 'canUpdateOwnMetadata'),
    canSubscribeMetrics: isTrue(video, 'canSubscribeMetrics'),
    hidden: isTrue(video, 'hidden'),
    recorder: isTrue(video, 'recorder'),
    agent: isTrue(video, 'agent'),
  });
}

function sourcesOf(list: unknown): TrackSource[] {
  if (!Array.isArray(list)) throw new TokenRefused('video.canPublishSources must be a list');
  const sources = new Set<TrackSource>();
  for (const name of list) {
    const source = SOURCES.get(name);
    // Without it the list might be empty, which means all.
    if (source === undefined) throw new TokenRefused('video.canPublishSources names an unknown source');
    sources.add(source);
  }
  return [...sources];
}

function attributesOf({ attributes = {} }: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(recordOf(attributes, 'attributes'));
  return Object.fromEntries(
    entries.map(([name, value]): [string, string] => {
      if (typeof value !== 'string') throw new TokenRefused('attributes must be texts');
      return [name, value];
    }),
  );
}

function recordOf(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TokenRefused(`${name} must be an object`);
  return value as Record<string, unknown>;
}

function textOf(record: Record<string, unknown>, name: string, most: number): string | undefined {
  const value = record[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new TokenRefused(`${name} must be a text`);
  if (value.length > most) throw new TokenRefused(`${name} is longer than ${most} characters`);
  return value;
}

function isTrue(record: Record<string, unknown>, name: string, otherwise = false): boolean {
  const value = record[name];
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new TokenRefused(`video.${name} must be true or false`);
  return value;
}

/**
 * Signs what the media server itself says: clients' refreshed tokens and reports. `claims` get `iss`, `nbf` (now) and
 * `exp`. `ttlS` in seconds.
 */
export function signToken(
  [key, secret]: readonly [key: string, secret: string],
  claims: Readonly<Record<string, unknown>>,
  { nowMs, ttlS }: { nowMs: number; ttlS: number },
): string {
  const now = Math.floor(nowMs / 1000);
  return createSigner({ key: secret, algorithm: 'HS256', noTimestamp: true })({
    ...claims,
    iss: key,
    nbf: now,
    exp: now + ttlS,
  });
}
