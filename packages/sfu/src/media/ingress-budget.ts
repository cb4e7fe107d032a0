import type { MediaOptions } from './media-peer.ts';
import { SlidingSum } from './sliding-sum.ts';

const WINDOW_S = 2;
const SLOTS = 8;

/** What one participant may send, averaged over 2 s. */
export class IngressBudget {
  readonly #bytes = new SlidingSum(SLOTS, (WINDOW_S * 1_000) / SLOTS);
  readonly #packets = new SlidingSum(SLOTS, (WINDOW_S * 1_000) / SLOTS);
  readonly #mostBytes: number;
  readonly #mostPackets: number;

  constructor(options: Pick<MediaOptions, 'ingressBytesPerSecond' | 'ingressPacketsPerSecond'>) {
    this.#mostBytes = options.ingressBytesPerSecond * WINDOW_S;
    this.#mostPackets = options.ingressPacketsPerSecond * WINDOW_S;
  }

  /** Counts one packet. False: it is more than may be sent. */
  take(bytes: number, now: number): boolean {
    const packets = this.#packets.add(1, now);
    return this.#bytes.add(bytes, now) <= this.#mostBytes && packets <= this.#mostPackets;
  }
}
