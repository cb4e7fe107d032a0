import type { Handle } from './database.ts';

/** Characters that are remembered of one state; beyond, everything is forgotten at once. */
const REMEMBERED_MAX = 4 * 1024 * 1024;
/** What a number, a key or an empty answer counts for. */
const SMALL = 16;

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

  count(characters: number): void {
    this.#characters += characters;
    if (this.#characters <= REMEMBERED_MAX) return;
    this.#answers.clear();
    this.#characters = 0;
  }
}

const memories = new WeakMap<object, Memory>();

function memoryOf(state: object): Memory {
  let memory = memories.get(state);
  if (memory === undefined) {
    memory = new Memory();
    memories.set(state, memory);
  }
  return memory;
}

/**
 * A read whose answers are remembered for as long as the state that they were read from stands (`Handle.state`): a
 * call that is asked for again costs a look-up instead of statements. Answers depend on the key alone, never on the
 * time; they are rows or lists of rows, frozen, because they are shared.
 */
export function remembered<Key extends readonly (string | number)[], T>(
  ask: (handle: Handle, ...key: Key) => Promise<T>,
): (handle: Handle, ...key: Key) => Promise<T> {
  return (handle, ...key) => {
    const { state } = handle;
    if (state === undefined) return ask(handle, ...key);
    const memory = memoryOf(state);
    const answers = memory.of(ask);
    const name = keyText(key);
    const known = answers.get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = ask(handle, ...key).then((found) => {
      memory.count(name.length + freeze(found));
      return found;
    });
    answers.set(name, answer);
    answer.catch(() => answers.delete(name));
    return answer;
  };
}

/** Lengths keep apart what would read the same in one text. */
function keyText(key: readonly (string | number)[]): string {
  let text = '';
  for (const part of key) text += typeof part === 'string' ? `${part.length}:${part}` : `#${part}`;
  return text;
}

/** Freezes rows and lists of rows all the way down; returns how much there is of them. */
function freeze(value: unknown): number {
  if (typeof value === 'string') return SMALL + value.length;
  if (typeof value !== 'object' || value === null) return SMALL;
  let size = SMALL;
  for (const part of Object.values(value)) size += freeze(part);
  Object.freeze(value);
  return size;
}
