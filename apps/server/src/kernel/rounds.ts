/** Work that is asked for at any time and done by one round after another. */
export interface Rounds {
  /** Asks for a round; several asks share the next one. Whoever asks does not wait. */
  wake(): void;
  /** Resolves after a round that began after the call, or rejects with its failure. */
  run(): Promise<void>;
}

/** `onFailure` hears of failed rounds that nobody waits for. */
export function createRounds(work: () => Promise<void>, onFailure: (error: unknown) => void): Rounds {
  let tail: Promise<void> = Promise.resolve();
  /** The next round, as long as it has not begun. */
  let waiting: Promise<void> | undefined;
  const run = (): Promise<void> => {
    waiting ??= tail.then(() => {
      waiting = undefined;
      return work();
    });
    tail = waiting.catch(() => undefined);
    return waiting;
  };
  return { run, wake: () => void run().catch(onFailure) };
}
