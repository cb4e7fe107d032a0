/** So many events of one type in a row, and in each second, are nobody's mass work. */
const BURST = 100;
const PER_SECOND = 100;

/** Tells the events of mass work from those of people. */
export interface BulkMeter {
  /** Whether an event of this type, seen now, is one of very many. */
  isBulk(type: string): boolean;
}

/**
 * A bucket per type of event: 100, and 100 a second. A task over 100,000 people empties the bucket of its type, and
 * what comes behind waits while others go first; a ban in the midst of it has a bucket of its own.
 */
export function createBulkMeter(now: () => number): BulkMeter {
  /** As many as there are types of events. */
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    isBulk(type) {
      const at = now();
      const bucket = buckets.get(type) ?? { left: BURST, at };
      const refilled = Math.min(BURST, bucket.left + (Math.max(0, at - bucket.at) / 1000) * PER_SECOND);
      const isBulk = refilled < 1;
      buckets.set(type, { left: isBulk ? refilled : refilled - 1, at });
      return isBulk;
    },
  };
}
