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

/** Frames from this length on are worth looking for, in bytes. */
const SHARED_FROM = 256;
/** Frames that are kept; what is told to everybody comes to all clients of a call one after the other. */
const MOST_SHARED = 16;

interface SharedFrame {
  readonly bytes: Uint8Array;
  readonly response: SignalResponse;
}

/** Updates of participants that came last: LiveKit tells the same to everybody, and of everybody who came within 3 s at once. */
const shared: SharedFrame[] = [];
/** How they are written, by their content. */
const written = new WeakMap<object, Uint8Array>();

/**
 * The message of a media server, or null when the bytes are none. Never throws. An update of participants may be the same object
 * as for another client, and cannot be changed: of a hundred people who are told of a hundred, reading and writing it anew each
 * time took 0.3 s.
 */
export function decodeResponse(bytes: Uint8Array): SignalResponse | null {
  const known = bytes.length < SHARED_FROM ? undefined : shared.find((frame) => isSame(frame.bytes, bytes));
  if (known) return known.response;
  try {
    const response = SignalResponse.fromBinary(bytes, READ);
    if (bytes.length >= SHARED_FROM && response.message.case === 'update') share(bytes, response);
    return response;
  } catch {
    return null;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && Buffer.compare(a, b) === 0;

function share(bytes: Uint8Array, response: SignalResponse): void {
  const { message } = response;
  if (message.case !== 'update') return;
  for (const info of message.value.participants) Object.freeze(info);
  Object.freeze(message.value.participants);
  shared.push({ bytes: Uint8Array.from(bytes), response });
  if (shared.length > MOST_SHARED) shared.shift();
}

/** The bytes to send: of the message as it was judged, never those that came in. */
export const encodeRequest = (message: SignalRequest): Uint8Array => message.toBinary(WRITE);

/** The bytes to send: of the message as it was judged, never those that came in. */
export function encodeResponse(response: SignalResponse): Uint8Array {
  const { message } = response;
  // Only what cannot be changed is the same the next time.
  if (message.case !== 'update' || !Object.isFrozen(message.value.participants))
    return response.toBinary(WRITE);
  const known = written.get(message.value.participants);
  if (known) return known;
  const bytes = response.toBinary(WRITE);
  written.set(message.value.participants, bytes);
  return bytes;
}
