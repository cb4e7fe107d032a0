import { monotonicMs } from '../kernel/clock.ts';

/** Bytes that a client may send at once without standing in line: a join in full sends some 20 KB. One read takes 64 KB at most. */
export const FREE_BYTES = 48 * 1024;
/** And from then on, per second. */
const FREE_PER_SECOND = 16 * 1024;
/** What is read of one client in its turn: the longest description and what goes with it. */
export const TURN_BYTES = 640 * 1024;
/** Between two turns, in milliseconds: 25 long descriptions a second, which take a quarter of the time of a core. */
export const TURN_EVERY_MS = 40;
/** A turn that comes later than this found the process busy: as long as it was late, twice over, nothing long is read. */
const LATE_MS = 20;
/** And this long at most, in milliseconds: whoever waits comes on. */
const MOST_REST_MS = 500;

/** One client's reading. */
export interface Reading {
  /** Counts bytes that came in; false: nothing more is to be read until its turn. */
  take(bytes: number): boolean;
  leave(): void;
}

/** Who sends much stands in line, so that others do not wait while it is read. */
export interface ReadingLine {
  /** `go`: its turn has come. */
  join(address: string, go: () => void): Reading;
  /** How many wait. */
  readonly size: number;
}

interface Waiter {
  turn(): void;
}

/** `now`: milliseconds that never go back; `after` calls back once so many have passed. */
export function createReadingLine(
  now: () => number = monotonicMs,
  after: (ms: number, work: () => void) => void = (ms, work) => void setTimeout(work, ms).unref(),
): ReadingLine {
  /** In the order of their turns: one of each address, then the next of each. */
  const waiting = new Map<string, Waiter[]>();
  let size = 0;
  let isTicking = false;

  const next = (): Waiter | undefined => {
    const [first] = waiting;
    if (!first) return undefined;
    const [address, waiters] = first;
    const waiter = waiters.shift();
    waiting.delete(address);
    if (waiters.length > 0) waiting.set(address, waiters);
    return waiter;
  };
  const tick = (inMs: number): void => {
    const due = now() + inMs;
    isTicking = true;
    after(inMs, () => {
      const late = now() - due;
      if (late > LATE_MS && inMs <= TURN_EVERY_MS)
        return tick(Math.min(MOST_REST_MS, 2 * late + TURN_EVERY_MS));
      const waiter = next();
      isTicking = waiter !== undefined;
      if (!waiter) return;
      size--;
      tick(TURN_EVERY_MS);
      waiter.turn();
    });
  };
  const leave = (address: string, waiter: Waiter): void => {
    const waiters = waiting.get(address) ?? [];
    const at = waiters.indexOf(waiter);
    if (at === -1) return;
    waiters.splice(at, 1);
    size--;
    if (waiters.length === 0) waiting.delete(address);
  };

  return {
    get size() {
      return size;
    },
    join(address, go) {
      let left = FREE_BYTES;
      let at = now();
      let isWaiting = false;
      const waiter: Waiter = {
        turn() {
          isWaiting = false;
          left = TURN_BYTES;
          at = now();
          go();
        },
      };
      return {
        take(bytes) {
          const current = now();
          const gained = ((current - at) * FREE_PER_SECOND) / 1000;
          left = Math.max(left, Math.min(FREE_BYTES, left + gained)) - bytes;
          at = current;
          if (left > 0 || isWaiting) return left > 0;
          isWaiting = true;
          waiting.set(address, [...(waiting.get(address) ?? []), waiter]);
          size++;
          if (!isTicking) tick(0);
          return false;
        },
        leave: () => leave(address, waiter),
      };
    },
  };
}
