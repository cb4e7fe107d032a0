/** Does pieces of work one after the other, in the order in which they were handed in; each resolves for itself. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** One piece of work at a time. A piece that fails delays nobody. */
export function createTurn(): Turn {
  let tail: Promise<unknown> = Promise.resolve();
  return (work) => {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  };
}

/** As `Turn`, apart for each key. */
export type TurnOfEach<Key> = <T>(key: Key, work: () => Promise<T>) => Promise<T>;

/** One piece of work at a time for each key; keys that nobody works for are forgotten. */
export function createTurnOfEach<Key>(): TurnOfEach<Key> {
  const tails = new Map<Key, Promise<unknown>>();
  return (key, work) => {
    const turn = (tails.get(key) ?? Promise.resolve()).then(work);
    const tail = turn
      .catch(() => undefined)
      .finally(() => {
        if (tails.get(key) === tail) tails.delete(key);
      });
    tails.set(key, tail);
    return turn;
  };
}
