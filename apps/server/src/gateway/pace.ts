import { monotonicMs } from '../kernel/clock.ts';

/** Messages that a client may send at once: a reconnect in a room of a hundred sends some two hundred. */
const BURST = 400;
/** And from then on, per second. */
const PER_SECOND = 100;

/** How fast one client may speak. */
export interface Pace {
  /** Counts a message; how long to read nothing more, in milliseconds. */
  take(): number;
}

/** `now`: milliseconds that never go back. */
export function createPace(now: () => number = monotonicMs): Pace {
  let left = BURST;
  let at = now();
  return {
    take() {
      const current = now();
      left = Math.min(BURST, left + ((current - at) * PER_SECOND) / 1000) - 1;
      at = current;
      return left >= 0 ? 0 : Math.ceil((-left * 1000) / PER_SECOND);
    },
  };
}
