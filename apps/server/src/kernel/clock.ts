/** The only source of time. Tests compose the server with a clock that they control. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Texts of times that were shown before: replies show the same rows over and over. */
const shown = new Map<number, string>();
const SHOWN_MAX = 8_192;

/** Milliseconds as the wire's RFC 3339 UTC text, e.g. `2026-11-22T10:00:00.000Z`. */
export function toTime(ms: number): string {
  const known = shown.get(ms);
  if (known !== undefined) return known;
  const text = new Date(ms).toISOString();
  if (shown.size >= SHOWN_MAX) shown.clear();
  shown.set(ms, text);
  return text;
}
/** As `toTime`, `undefined` staying `undefined` (an absent optional time is left out of a reply). */
export const toTimeOrAbsent = (ms: number | null): string | undefined =>
  ms === null ? undefined : toTime(ms);

/** A monotonic reading in milliseconds, for durations only. */
export const monotonicMs = (): number => performance.now();
