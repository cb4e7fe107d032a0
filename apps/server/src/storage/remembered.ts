import type { Handle } from './database.ts';

/** What a number, a key or an empty answer counts for. */
const SMALL = 16;

/**
 * A read whose answers are remembered for as long as the state that they were read from stands (`Handle.state`): a
 * call that is asked for again costs a look-up instead of statements. Answers depend on the key alone, never on the
 * time; they are frozen, because they are shared (a map is not: hand it out as a `ReadonlyMap`).
 */
export function remembered<Key extends readonly (string | number)[], T>(
  ask: (handle: Handle, ...key: Key) => Promise<T>,
): (handle: Handle, ...key: Key) => Promise<T> {
  return (handle, ...key) => {
    const { state } = handle;
    if (state === undefined) return ask(handle, ...key);
    const answers = state.answersTo(ask);
    const name = keyText(key);
    const known = answers.get(name) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = ask(handle, ...key).then((found) => {
      state.count(name.length + freeze(found));
      return found;
    });
    answers.set(name, answer);
    answer.catch(() => answers.delete(name));
    return answer;
  };
}

/** Lengths keep apart what would read the same in one text; most keys are one id. */
function keyText(key: readonly (string | number)[]): string {
  if (key.length === 1 && typeof key[0] === 'string') return key[0];
  let text = '';
  for (const part of key) text += typeof part === 'string' ? `${part.length}:${part}` : `#${part}`;
  return text;
}

/** Freezes rows and lists of rows all the way down; returns how much there is of them. */
function freeze(value: unknown): number {
  if (typeof value === 'string') return SMALL + value.length;
  if (typeof value !== 'object' || value === null) return SMALL;
  // Shared already, and counted where it was first remembered.
  if (Object.isFrozen(value)) return SMALL;
  let size = SMALL;
  for (const part of Object.values(value)) size += freeze(part);
  Object.freeze(value);
  return size;
}
