import { gunzipSync } from 'node:zlib';
import { JoinRequest, WrappedJoinRequest, WrappedJoinRequest_Compression } from '@livekit/protocol';

/** Longest `join_request` in bytes, as it comes; Chromium's first offer makes about 3 KB of it. */
const MAX_BYTES = 64 * 1024;
/** Longest once it is inflated. */
const MAX_INFLATED_BYTES = 512 * 1024;
const MAX_PARAMETER = 256;

/** What a client asks for when it connects. */
export interface JoinParameters {
  /** One peer connection on which only the client offers (`/rtc/v1`), or two (`/rtc`). */
  readonly isSingle: boolean;
  /** It takes up a lost connection of the participant `participantSid` ('': whichever has its identity). */
  readonly reconnect: boolean;
  readonly participantSid: string;
  readonly autoSubscribe: boolean;
  readonly clientProtocol: number;
  /** Of `/rtc/v1`: declarations, an offer, the state to resume, the client's own metadata. */
  readonly request: JoinRequest | undefined;
}

/** Reads the query of a connection, or says why not. Never throws. */
export const readJoin = (
  path: string,
  query: URLSearchParams,
): JoinParameters | { readonly refusal: string } =>
  path.startsWith('/rtc/v1') ? readRequest(query) : readQuery(query);

function readRequest(query: URLSearchParams): JoinParameters | { readonly refusal: string } {
  const text = query.get('join_request') ?? '';
  if (text === '') return { refusal: 'join_request is required' };
  if (text.length > (MAX_BYTES * 4) / 3 + 4)
    return { refusal: `join_request has more than ${MAX_BYTES} bytes` };
  const request = /^[\w+/-]+={0,2}$/.test(text) ? decode(Buffer.from(text, 'base64')) : undefined;
  if (!request) return { refusal: 'join_request is no WrappedJoinRequest in base64, plain or gzip' };
  return {
    isSingle: true,
    reconnect: request.reconnect,
    participantSid: request.reconnect ? request.participantSid : '',
    autoSubscribe: request.connectionSettings?.autoSubscribe ?? false,
    clientProtocol: request.clientInfo?.clientProtocol ?? 0,
    request,
  };
}

function decode(bytes: Uint8Array): JoinRequest | undefined {
  const read = { readUnknownFields: false };
  try {
    const { compression, joinRequest } = WrappedJoinRequest.fromBinary(bytes, read);
    if (compression === WrappedJoinRequest_Compression.NONE) return JoinRequest.fromBinary(joinRequest, read);
    if (compression !== WrappedJoinRequest_Compression.GZIP) return undefined;
    return JoinRequest.fromBinary(gunzipSync(joinRequest, { maxOutputLength: MAX_INFLATED_BYTES }), read);
  } catch {
    return undefined;
  }
}

/** Without `auto_subscribe` people are subscribed to everything, as at LiveKit. */
function readQuery(query: URLSearchParams): JoinParameters {
  const reconnect = isTrue(query.get('reconnect'));
  return {
    isSingle: false,
    reconnect,
    participantSid: reconnect ? (query.get('sid') ?? '').slice(0, MAX_PARAMETER) : '',
    autoSubscribe: isTrue(query.get('auto_subscribe') || '1'),
    clientProtocol: Number(/^\d{1,6}$/.exec(query.get('client_protocol') ?? '')?.[0] ?? 0),
    request: undefined,
  };
}

const isTrue = (value: string | null): boolean => value === '1' || value === 'true';
