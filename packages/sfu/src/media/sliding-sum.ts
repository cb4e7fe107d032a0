/** What was added within the last `slots` times `slotMs` milliseconds, one slot more or less. */
export class SlidingSum {
  readonly #slots: Float64Array;
  readonly #slotMs: number;
  #total = 0;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(slots: number, slotMs: number) {
    this.#slots = new Float64Array(slots);
    this.#slotMs = slotMs;
  }

  /** Adds, and gives the new total. `now` never goes back. */
  add(value: number, now: number): number {
    const slot = Math.floor(now / this.#slotMs);
    if (slot !== this.#newest) this.#moveTo(slot);
    this.#slots[slot % this.#slots.length] = (this.#slots[slot % this.#slots.length] ?? 0) + value;
    this.#total += value;
    return this.#total;
  }

  total(now: number): number {
    return this.add(0, now);
  }

  #moveTo(slot: number): void {
    const { length } = this.#slots;
    if (slot - this.#newest >= length) {
      this.#slots.fill(0);
      this.#total = 0;
    } else {
      for (let old = this.#newest + 1; old <= slot; old++) {
        this.#total -= this.#slots[old % length] ?? 0;
        this.#slots[old % length] = 0;
      }
    }
    this.#newest = slot;
  }
}
