import { TwirpError } from './twirp-error.ts';

/** Most that one request may hold: characters of texts, bytes of data, counts of lists. LiveKit's own limits. */
export const MAX = {
  /** Names of rooms, identities, names of people, topics. */
  name: 256,
  /** Metadata; attributes with their names, all together. */
  metadata: 64_000,
  /** A data packet: SCTP's messages of browsers have 64 KB. */
  data: 60_000,
  /** Tracks whose subscriptions one request changes. */
  tracks: 1_000,
  /** The whole body: metadata and attributes at their most, escaped. */
  body: 512 * 1024,
} as const;

/** Throws `invalid_argument` naming the field when the text is longer. */
export function within(field: string, text: string, most: number): void {
  if (text.length > most)
    throw new TwirpError(
      'invalid_argument',
      `${field}: at most ${most} characters, these are ${text.length}`,
    );
}
