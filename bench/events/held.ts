/** Bytes after collecting garbage: resident, and used by objects and their buffers. */
export interface Held {
  resident: number;
  used: number;
}

/** Collects garbage (where Node runs with --expose-gc) and says what is left. */
export function held(): Held {
  globalThis.gc?.();
  const { rss: resident, heapUsed, external } = process.memoryUsage();
  return { resident, used: heapUsed + external };
}
