/** Encoders answer a request with a large frame: so many milliseconds lie between two requests to one of them. */
const SPACING_MS = 300;

/** Requests for a key frame of one source: spaced, the ones between remembered until a key frame came. */
export class KeyFrameRequests {
  readonly #send: () => void;
  #sentAt = Number.NEGATIVE_INFINITY;
  #isWanted = false;

  constructor(send: () => void) {
    this.#send = send;
  }

  request(now: number): void {
    this.#isWanted = true;
    this.goOn(now);
  }

  /** Sends what is remembered, if its time has come. */
  goOn(now: number): void {
    if (!this.#isWanted || now - this.#sentAt < SPACING_MS) return;
    this.#sentAt = now;
    this.#isWanted = false;
    this.#send();
  }

  /** A key frame began. */
  came(): void {
    this.#isWanted = false;
  }
}
