import type { MediaClient, MediaKind } from './media-client.ts';

/** A figure that only rises, e.g. packets sent. */
export type Counter = () => Promise<number>;

/** RTP packets of the kind that the client sent. */
export const packetsSent =
  (client: MediaClient, kind: MediaKind): Counter =>
  () =>
    client.sent(kind);

/** RTP packets of the kind that the client received from identities beginning with the prefix. */
export const packetsReceived =
  (client: MediaClient, identityPrefix: string, kind: MediaKind): Counter =>
  async () =>
    (await client.received(identityPrefix, kind)).packets;

/** Decoded video frames of the same. */
export const framesReceived =
  (client: MediaClient, identityPrefix: string, kind: MediaKind): Counter =>
  async () =>
    (await client.received(identityPrefix, kind)).frames;

/** Between two looks: browsers renew their statistics every 50 ms. */
const LOOK_EVERY_MS = 50;

/** Waits until `look` finds something; rejects with `what` after the bound. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found>,
  withinMs = 15_000,
): Promise<Exclude<Found, undefined | false>> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found as Exclude<Found, undefined | false>;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((next) => setTimeout(next, LOOK_EVERY_MS));
  }
}

/** Waits until the counter has risen by `by` from where it is now; the new figure. */
export async function rising(
  counter: Counter,
  { by = 20, withinMs = 15_000 }: { by?: number; withinMs?: number } = {},
): Promise<number> {
  const from = await counter();
  let now = from;
  const look = async () => {
    now = await counter();
    return now >= from + by && now;
  };
  return until(`a counter at ${from} that should rise by ${by}`, look, withinMs).catch((error: Error) => {
    throw new Error(`${error.message}; it stands at ${now}`);
  });
}

/**
 * Packets that LiveKit 1.13.5 makes itself when an audio track is muted: 50 frames of silence within a second, so that
 * decoders end in quiet; and some that were on their way.
 */
export const STRAYS_AFTER_MUTE = 65;
/** When a track is closed it makes 0.2 s of them: 10 of audio, 6 of video. */
const STRAYS_AFTER_CLOSE = 20;

/**
 * Proves silence: while `clock` rises by `packets`, `receiver` does not move. The clock is what would have been
 * forwarded, i.e. the sender's own counter; where an obedient client stops sending too, another of its kinds.
 *
 * At most `strays` may arrive before that: then the next `packets` of the clock are watched. Rejects when the clock
 * stands still too, because then nothing is proven.
 */
export async function silent(
  receiver: Counter,
  clock: Counter,
  {
    packets = 50,
    strays = STRAYS_AFTER_CLOSE,
    withinMs = 20_000,
  }: { packets?: number; strays?: number; withinMs?: number } = {},
): Promise<void> {
  const from = await receiver();
  let before = from;
  for (;;) {
    await rising(clock, { by: packets, withinMs });
    const after = await receiver();
    if (after === before) return;
    if (after - from > strays) {
      throw new Error(
        `not silent: ${after - from} packets arrived, ${after - before} while ${packets} were sent`,
      );
    }
    before = after;
  }
}
