/** Characters that are remembered of one state; beyond, everything is forgotten at once. */
const REMEMBERED_MAX = 4 * 1024 * 1024;

type Answers = Map<string, Promise<unknown>>;

/** What a handle sees, and what is remembered of it: per question its answers by key (`remembered`). */
export class State {
  #answers: Map<object, Answers> | undefined;
  #characters = 0;

  answersTo(question: object): Answers {
    this.#answers ??= new Map();
    const known = this.#answers.get(question);
    if (known !== undefined) return known;
    const answers: Answers = new Map();
    this.#answers.set(question, answers);
    return answers;
  }

  /** Notes how much more is remembered. */
  count(characters: number): void {
    this.#characters += characters;
    if (this.#characters <= REMEMBERED_MAX) return;
    this.#answers = undefined;
    this.#characters = 0;
  }
}
