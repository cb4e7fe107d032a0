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
  look: () => Promise<Found | undefined | false>,
  withinMs = 15_000,
): Promise<Found> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
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
 * Proves silence: while `clock` rises by `packets`, `receiver` must not move. The clock is what would have been
 * forwarded, i.e. the sender's own counter; where an obedient client stops sending too, another of its kinds.
 *
 * What was on its way already may arrive first: the watch begins once the clock has risen by `settle` (10 packets of
 * a microphone are 200 ms). Rejects when the clock stands still too, because then nothing is proven.
 */
export async function silent(
  receiver: Counter,
  clock: Counter,
  {
    packets = 50,
    settle = 10,
    withinMs = 20_000,
  }: { packets?: number; settle?: number; withinMs?: number } = {},
): Promise<void> {
  await rising(clock, { by: settle, withinMs });
  const before = await receiver();
  await rising(clock, { by: packets, withinMs });
  const after = await receiver();
  if (after !== before) {
    throw new Error(`not silent: ${after - before} packets arrived while ${packets} were sent`);
  }
}
