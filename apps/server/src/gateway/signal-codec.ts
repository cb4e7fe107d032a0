import { SignalRequest, SignalResponse } from '@livekit/protocol';

/**
 * Fields that this gateway does not know are left out when reading and writing. A server that knows a newer protocol
 * would otherwise read, in one message, another case than the one that was judged: of several cases the last one counts.
 */
const READ = { readUnknownFields: false } as const;
const WRITE = { writeUnknownFields: false } as const;

/** The message of a client, or null when the bytes are none. Never throws. */
export function decodeRequest(bytes: Uint8Array): SignalRequest | null {
  try {
    return SignalRequest.fromBinary(bytes, READ);
  } catch {
    return null;
  }
}

/** The message of a media server, or null when the bytes are none. Never throws. */
export function decodeResponse(bytes: Uint8Array): SignalResponse | null {
  try {
    return SignalResponse.fromBinary(bytes, READ);
  } catch {
    return null;
  }
}

/** The bytes to send: of the message as it was judged, never those that came in. */
export const encodeRequest = (message: SignalRequest): Uint8Array => message.toBinary(WRITE);

/** The bytes to send: of the message as it was judged, never those that came in. */
export const encodeResponse = (message: SignalResponse): Uint8Array => message.toBinary(WRITE);
