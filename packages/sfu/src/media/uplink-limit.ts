import type { Arrivals } from './reception.ts';

/** What a publisher is always let send, in bits a second: sound and a small picture. */
const LEAST = 100_000;
/** Fewer packets say nothing about loss: they are added to the next ones. */
const ENOUGH_PACKETS = 20;
const HIGH_LOSS = 0.1;
const LOW_LOSS = 0.02;

/** What a publisher is told that we take: lowered by the share of packets that did not come, raised again without loss. */
export class UplinkLimit {
  readonly #most: number;
  #limit: number;
  #expected = 0;
  #inOrder = 0;

  /** `most`: bits a second, before loss lowers it. */
  constructor(most: number) {
    this.#most = most;
    this.#limit = most;
  }

  /** To be called every 500 ms with what came since and at which rate, in bits a second. The limit, in bits a second. */
  update(arrivals: Arrivals, receivedRate: number): number {
    this.#expected += arrivals.expected;
    this.#inOrder += arrivals.inOrder;
    if (this.#expected < ENOUGH_PACKETS) return Math.floor(this.#limit);
    const loss = 1 - this.#inOrder / this.#expected;
    this.#expected = 0;
    this.#inOrder = 0;
    if (loss > HIGH_LOSS) {
      // From what really comes: a limit far above it would be lowered for seconds without any effect.
      const from = Math.min(this.#limit, receivedRate * 1.2);
      this.#limit = Math.max(LEAST, from * (1 - loss / 2));
    } else if (loss < LOW_LOSS) {
      this.#limit = Math.min(this.#most, this.#limit * 1.08);
    }
    return Math.floor(this.#limit);
  }
}
