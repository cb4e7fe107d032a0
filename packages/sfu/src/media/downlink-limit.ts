/** An estimate that is older says nothing: receivers repeat it every second. */
const OLD_MS = 5_000;
const FIRST_PROBE_MS = 4_000;
const LAST_PROBE_MS = 60_000;
/** A probe that was followed by congestion within this time has failed. */
const VERDICT_MS = 5_000;
const HIGH_LOSS = 0.1;

/**
 * How many bits a second one subscriber is sent at most, by what their browser estimates (REMB). An estimate grows no
 * further than half above what is sent, so after a lowering more is tried now and then: twice as much, after 4 s without
 * congestion; after each try that failed the wait is doubled, up to a minute.
 */
export class DownlinkLimit {
  #limit = Number.POSITIVE_INFINITY;
  #estimate: { readonly bits: number; readonly at: number } | undefined;
  #loss = 0;
  #changedAt = Number.NEGATIVE_INFINITY;
  #probedAt = Number.NEGATIVE_INFINITY;
  #probeAfter = FIRST_PROBE_MS;

  estimated(bits: number, now: number): void {
    this.#estimate = { bits, at: now };
  }

  /** The share lost that the subscriber's newest report names. */
  lost(share: number): void {
    this.#loss = share;
  }

  /** The limit; `sent` is the rate of late, and `wanted` what would be sent without a limit. */
  update(sent: number, wanted: number, now: number): number {
    const estimate = this.#estimate && now - this.#estimate.at <= OLD_MS ? this.#estimate.bits : Infinity;
    const possible = this.#loss > HIGH_LOSS ? Math.min(estimate, sent * (1 - this.#loss / 2)) : estimate;
    this.#loss = 0;
    if (possible < sent * 0.95) this.#lower(possible, now);
    else if (this.#limit !== Infinity) this.#raise(possible, wanted, now);
    return this.#limit;
  }

  #lower(possible: number, now: number): void {
    if (possible >= this.#limit) return;
    if (now - this.#probedAt < VERDICT_MS) this.#probeAfter = Math.min(LAST_PROBE_MS, this.#probeAfter * 2);
    this.#probedAt = Number.NEGATIVE_INFINITY;
    this.#limit = possible;
    this.#changedAt = now;
  }

  #raise(possible: number, wanted: number, now: number): void {
    if (this.#probedAt > 0 && now - this.#probedAt >= VERDICT_MS) this.#probeAfter = FIRST_PROBE_MS;
    if (possible !== Infinity && possible > this.#limit) this.#limit = possible;
    if (now - this.#changedAt >= this.#probeAfter) {
      this.#limit *= 2;
      this.#changedAt = now;
      this.#probedAt = now;
    }
    if (this.#limit >= wanted * 2) this.#limit = Infinity;
  }
}
