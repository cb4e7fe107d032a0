const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 60_000;

/** How long to wait before work that has failed before is tried again: 1 s, 2 s, 4 s, ... up to 60 s, in milliseconds. */
export const backoffMs = (failuresBefore: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failuresBefore, 6));
