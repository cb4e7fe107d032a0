import type { Handle } from './database.ts';

/** Text of all that is remembered of one state, in characters of JSON; over it everything is forgotten at once. */
const REMEMBERED_MAX = 4 * 1024 * 1024;

/** What is known of one state: per question its answers by key. */
class Memory {
  readonly #answers = new Map<object, Map<string, Promise<unknown>>>();
  #characters = 0;

  of(question: object): Map<string, Promise<unknown>> {
    const known = this.#answers.get(question);
    if (known !== undefined) return known;
    const answers = new Map<string, Promise<unknown>>();
    this.#answers.set(question, answers);
    return answers;
  }

  add(question: object, key: string, answer: unknown): void {
    this.#characters += key.length + (JSON.stringify(answer)?.length ?? 0);
    if (this.#characters > REMEMBERED_MAX) {
      this.#answers.clear();
      this.#characters = 0;
    }
    this.of(question).set(key, Promise.resolve(answer));
  }
}

const memories = new WeakMap<object, Memory>();

/**
 * A read whose answers are remembered for as long as the state that they were read from stands (`Handle.state`), so
 * that a call that is asked for again costs a look-up instead of statements; where states are not known, every time
 * is the first. Answers depend on the key alone, never on the time, hold JSON and nothing else, and are frozen,
 * because they are shared.
 */
export function remembered<Key extends readonly (string | number)[], T>(
  ask: (handle: Handle, ...key: Key) => Promise<T>,
): (handle: Handle, ...key: Key) => Promise<T> {
  return (handle, ...key) => {
    const { state } = handle;
    if (state === undefined) return ask(handle, ...key);
    let memory = memories.get(state);
    if (memory === undefined) {
      memory = new Memory();
      memories.set(state, memory);
    }
    const name = keyText(key);
    const known = memory.of(ask).get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    return learn(memory, ask, name, ask(handle, ...key));
  };
}

async function learn<T>(memory: Memory, question: object, name: string, asked: Promise<T>): Promise<T> {
  const answer = frozen(await asked);
  memory.add(question, name, answer);
  return answer;
}

/** Lengths keep apart what would read the same in one text. */
function keyText(key: readonly (string | number)[]): string {
  let text = '';
  for (const part of key) text += typeof part === 'string' ? `${part.length}:${part}` : `#${part}`;
  return text;
}

/** Rows and lists of rows, all the way down. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
