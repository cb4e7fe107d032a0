import type { MediaClock } from './media-peer.ts';

/** A clock by a reading that never goes back (`performance.now`). Its timers keep no process alive. */
export const mediaClock = (monotonicMs: () => number): MediaClock => ({
  now: monotonicMs,
  every(ms, task) {
    const timer = setInterval(task, ms).unref();
    return () => clearInterval(timer);
  },
});
