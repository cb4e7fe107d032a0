import { monotonicMs } from '../kernel/clock.ts';

/** Messages that a client may send at once: a reconnect in a room of a hundred sends some two hundred. */
const BURST = 400;
/** And from then on, per second. */
const PER_SECOND = 100;
/** Reading takes as long as a message is: one counts as one more for so many bytes. An offer with 70 m-lines counts as 20. */
const BYTES = 16 * 1024;

/** How fast one client may speak. */
export interface Pace {
  /** Counts a message of that length; how long to read nothing more, in milliseconds. */
  take(bytes: number): number;
}

/** `now`: milliseconds that never go back. */
export function createPace(now: () => number = monotonicMs): Pace {
  let left = BURST;
  let at = now();
  return {
    take(bytes) {
      const current = now();
      left = Math.min(BURST, left + ((current - at) * PER_SECOND) / 1000) - 1 - Math.floor(bytes / BYTES);
      at = current;
      return left >= 0 ? 0 : Math.ceil((-left * 1000) / PER_SECOND);
    },
  };
}
