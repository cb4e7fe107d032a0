/** How much `BoundedMap` holds at most. */
export interface BoundedMapLimits {
  entries: number;
  /** All keys together, in characters. */
  characters: number;
}

/**
 * Answers by the text that asked for them. Forgets everything once it is full, which costs each text one more look
 * and needs no order of use: reading is one look-up.
 */
export class BoundedMap<T> {
  readonly #limits: BoundedMapLimits;
  readonly #answers = new Map<string, T>();
  #characters = 0;

  constructor(limits: BoundedMapLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#answers.size;
  }

  get(text: string): T | undefined {
    return this.#answers.get(text);
  }

  /** Keeps an answer; a text that alone is longer than the limit, or holds half of a surrogate pair, is not kept. */
  set(text: string, answer: T): void {
    const { entries, characters } = this.#limits;
    if (text.length > characters || !text.isWellFormed()) return;
    if (this.#answers.size >= entries || this.#characters + text.length > characters) {
      this.#answers.clear();
      this.#characters = 0;
    }
    // A text cut from a longer one keeps all of that in memory: what is kept is a copy.
    this.#answers.set(Buffer.from(text).toString(), answer);
    this.#characters += text.length;
  }
}
