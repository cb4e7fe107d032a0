import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningServer } from '../harness/index.ts';

/** The clock of a server of entry.ts, which is ahead of the machine's, and when nobody could look at it. */
export interface TurnedClock {
  /** In milliseconds. */
  now(): number;
  /** Lets it leap to a time. */
  leapTo(server: RunningServer, time: number): Promise<void>;
  /** What a server is to be started with so that its clock goes on. */
  settings(): Record<string, string>;
  /** Nobody was there from then until now. */
  wasDownSince(time: number): void;
  /** The earliest that somebody could see that it is so late: the time itself, or the end of a gap that it lies in. */
  seenAt(time: number): number;
}

export function createTurnedClock(withinMs: number): TurnedClock {
  let aheadMs = 0;
  const gaps: { from: number; to: number }[] = [];
  const now = (): number => Date.now() + aheadMs;
  return {
    now,
    async leapTo(server, time) {
      const from = now();
      aheadMs = time - Date.now();
      await writeFile(join(server.dataDir, 'clock-ahead'), String(aheadMs));
      process.kill(server.pid, 'SIGALRM');
      gaps.push({ from, to: now() });
    },
    settings: () => ({ CRASH_CLOCK_AHEAD_MS: String(aheadMs) }),
    wasDownSince: (time) => void gaps.push({ from: time, to: now() }),
    // What was due within a second before a gap may not have been come to.
    seenAt: (time) =>
      gaps.reduce((seen, { from, to }) => (seen <= to && seen + withinMs > from ? to : seen), time),
  };
}
