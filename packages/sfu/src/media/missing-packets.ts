/** Most packets that are missed at a time. A wider gap is no loss that could be mended: it takes a key frame. */
const MAX_MISSED = 256;
/** Between two requests for the same packet: more than a round trip to most clients. */
const AGAIN_MS = 60;
const MAX_REQUESTS = 10;

interface Missed {
  readonly number: number;
  requestedAt: number;
  requests: number;
}

/** The numbers of one stream that did not come, and when they are asked for. */
export class MissingPackets {
  #missed: Missed[] = [];
  #nextAt = Number.POSITIVE_INFINITY;

  /** Nothing of `from` up to before `to` came. False: too many are missed, and all are given up. */
  note(from: number, to: number): boolean {
    if (this.#missed.length + to - from > MAX_MISSED) {
      this.clear();
      return false;
    }
    for (let number = from; number < to; number++)
      this.#missed.push({ number, requestedAt: Number.NEGATIVE_INFINITY, requests: 0 });
    this.#nextAt = Number.NEGATIVE_INFINITY;
    return true;
  }

  arrived(number: number): void {
    if (this.#missed.length === 0) return;
    this.#missed = this.#missed.filter((missed) => missed.number !== number);
    if (this.#missed.length === 0) this.clear();
  }

  /** What is to be asked for now, in rising order: at once, then every 60 ms, 10 times at most. */
  due(now: number): number[] {
    if (now < this.#nextAt) return [];
    const due: number[] = [];
    this.#missed = this.#missed.filter((missed) => {
      if (now - missed.requestedAt < AGAIN_MS) return true;
      if (missed.requests === MAX_REQUESTS) return false;
      missed.requests++;
      missed.requestedAt = now;
      due.push(missed.number);
      return true;
    });
    this.#nextAt = Math.min(...this.#missed.map(({ requestedAt }) => requestedAt + AGAIN_MS));
    return due;
  }

  clear(): void {
    this.#missed = [];
    this.#nextAt = Number.POSITIVE_INFINITY;
  }
}
