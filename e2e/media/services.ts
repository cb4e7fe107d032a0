import { AccessToken, type VideoGrant } from 'livekit-server-sdk';

/** Who signs the tokens of services: a key of the operator's with its secret. */
export interface Signer {
  key: string;
  secret: string;
}

export const BOTS: Signer = { key: 'bots', secret: 'the-secret-of-the-bots-0123456789' };
export const RECORDER: Signer = { key: 'recorder', secret: 'the-secret-of-the-recorder-012345' };

/** The same as settings: agents and telephony may publish, recorders only receive. */
export const SERVICE_KEYS = [
  `${BOTS.key}:agent+sip:publish:${BOTS.secret}`,
  `${RECORDER.key}:egress:subscribe:${RECORDER.secret}`,
].join();

/** What a token is to say. (Defaults: an agent `bot` of the bots, for ten minutes) */
export interface Wanted {
  as?: Signer;
  /** Empty: none. */
  kind?: string;
  identity?: string;
  /** Seconds. */
  ttl?: number;
  grant?: VideoGrant;
}

/** A token as LiveKit's SDKs make one. */
export function serviceToken(
  room: string,
  { as = BOTS, kind = 'agent', identity = 'bot', ttl = 600, grant }: Wanted = {},
): Promise<string> {
  const token = new AccessToken(as.key, as.secret, { identity, ttl });
  if (kind !== '') token.kind = kind as NonNullable<AccessToken['kind']>;
  token.addGrant({ room, roomJoin: true, ...grant });
  return token.toJwt();
}

/** A service as the API lists it. */
export interface Listed {
  session_id: string;
  kind: string;
  key?: string;
  name: string;
  hidden?: boolean;
}
/** What a call says of who is in. */
export interface Session {
  service_participants: Listed[];
  participants: unknown[];
  participants_count_by_role: Record<string, number>;
}
