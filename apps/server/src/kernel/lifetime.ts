/**
 * Whatever starts can be stopped: owners register here what they started, and `close` stops it in the
 * reverse order of registration, each once, waiting for each. The first failure is rethrown at the end,
 * after everything was stopped.
 */
export class Lifetime {
  #closers: { name: string; close: () => Promise<void> | void }[] = [];
  #closing: Promise<void> | undefined;

  /** Registers a closer under a name that error messages use. */
  own(name: string, close: () => Promise<void> | void): void {
    if (this.#closing !== undefined) throw new Error(`${name}: started while the server stops`);
    this.#closers.push({ name, close });
  }

  /** Stops everything; a second call waits for the first. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.reverse()) {
      try {
        await closer.close();
      } catch (cause) {
        failures.push(new Error(`closing ${closer.name} failed`, { cause }));
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
