/** The only source of time. Tests compose the server with a clock that they control. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Milliseconds as the wire's RFC 3339 UTC text, e.g. `2026-11-22T10:00:00.000Z`. */
export const toTime = (ms: number): string => new Date(ms).toISOString();
/** As `toTime`, `undefined` staying `undefined` (an absent optional time is left out of a reply). */
export const toTimeOrAbsent = (ms: number | null): string | undefined =>
  ms === null ? undefined : toTime(ms);

/** A monotonic reading in milliseconds, for durations only. */
export const monotonicMs = (): number => performance.now();
