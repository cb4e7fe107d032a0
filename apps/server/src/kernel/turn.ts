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
