import { gunzipSync, gzipSync } from 'node:zlib';
import { JoinRequest, WrappedJoinRequest, WrappedJoinRequest_Compression } from '@livekit/protocol';

/** Longest compressed request: Chromium's first offer makes about 3 KB. */
export const MAX_COMPRESSED_BYTES = 64 * 1024;
/** Longest request once inflated. */
export const MAX_INFLATED_BYTES = 256 * 1024;
/** Longest value of a query parameter of the older path. */
const MAX_PARAMETER = 256;

/** What a client asks for when it connects, on either path. */
export interface JoinParameters {
  /** It takes up a lost connection of the participant `participantSid`. */
  readonly reconnect: boolean;
  readonly participantSid: string;
  readonly autoSubscribe: boolean;
  /** `/rtc/v1`: what came in `join_request`, to be judged and encoded anew. */
  readonly request?: JoinRequest;
  /** `/rtc`: the parameters that are copied. */
  readonly query?: ReadonlyMap<string, string>;
}

/** What of the older path's query is handed on; tokens, attributes, `publish` and `join_request` are not. */
const COPIED = [
  'sdk',
  'version',
  'protocol',
  'client_protocol',
  'os',
  'os_version',
  'device_model',
  'browser',
  'browser_version',
  'network',
  'adaptive_stream',
  'subscriber_allow_pause',
  'reconnect_reason',
];

/** Reads the query of `/rtc/v1`, or says why not. Never throws. */
export function readJoinRequest(query: URLSearchParams): JoinParameters | { readonly refusal: string } {
  const text = query.get('join_request') ?? '';
  if (text === '') return { refusal: 'join_request missing' };
  if (text.length > (MAX_COMPRESSED_BYTES * 4) / 3 + 4) return { refusal: 'join_request too long' };
  if (!/^[\w+/-]+={0,2}$/.test(text)) return { refusal: 'join_request malformed' };
  const request = decode(Buffer.from(text, 'base64'));
  if (request === null) return { refusal: 'join_request malformed' };
  const { reconnect, participantSid, connectionSettings } = request;
  return { reconnect, participantSid, autoSubscribe: connectionSettings?.autoSubscribe ?? false, request };
}

function decode(bytes: Uint8Array): JoinRequest | null {
  const read = { readUnknownFields: false };
  try {
    const { compression, joinRequest } = WrappedJoinRequest.fromBinary(bytes, read);
    switch (compression) {
      case WrappedJoinRequest_Compression.NONE:
        return JoinRequest.fromBinary(joinRequest, read);
      case WrappedJoinRequest_Compression.GZIP:
        return JoinRequest.fromBinary(gunzipSync(joinRequest, { maxOutputLength: MAX_INFLATED_BYTES }), read);
      default:
        return null;
    }
  } catch {
    return null;
  }
}

/** Reads the query of `/rtc`. Of a parameter given twice the first counts, as at LiveKit. */
export function readJoinQuery(query: URLSearchParams): JoinParameters {
  const copied = new Map<string, string>();
  for (const name of COPIED) {
    const value = query.get(name);
    if (value !== null && value.length <= MAX_PARAMETER) copied.set(name, value);
  }
  const reconnect = isTrue(query.get('reconnect'));
  const autoSubscribe = query.get('auto_subscribe') || '1';
  return {
    reconnect,
    participantSid: reconnect ? (query.get('sid') ?? '').slice(0, MAX_PARAMETER) : '',
    autoSubscribe: isTrue(autoSubscribe),
    query: copied,
  };
}

const isTrue = (value: string | null): boolean => value === '1' || value === 'true';

/**
 * The query to dial the media server with, but for the token: of `/rtc/v1` when a request was read, of `/rtc` otherwise.
 * `request` is what was judged, with `autoSubscribe` as it shall be.
 */
export function dialQuery(parameters: JoinParameters, autoSubscribe: boolean): URLSearchParams {
  const { request, query, reconnect, participantSid } = parameters;
  if (request) return new URLSearchParams({ join_request: encode(request) });
  const dialled = new URLSearchParams([...(query ?? [])]);
  dialled.set('auto_subscribe', autoSubscribe ? '1' : '0');
  dialled.set('auto_subscribe_data_track', '0');
  if (reconnect) dialled.set('reconnect', '1');
  if (reconnect) dialled.set('sid', participantSid);
  return dialled;
}

function encode(request: JoinRequest): string {
  const wrapped = new WrappedJoinRequest({
    compression: WrappedJoinRequest_Compression.GZIP,
    joinRequest: gzipSync(request.toBinary({ writeUnknownFields: false }), { level: 1 }),
  });
  // LiveKit reads the URL alphabet with padding.
  return Buffer.from(wrapped.toBinary()).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
}
