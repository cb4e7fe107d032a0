import type { Clock } from '../../kernel/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { TimerHandler } from './fire-due.ts';
import { ensureTimer, setTimer, takeTimer } from './timers.store.ts';

/**
 * Drops what is past its time, at most `limit` rows of it; resolves with how many. Told to nobody. One that leaves rows
 * standing resolves with a `Stretch`, and is called the next time with the place up to which it had looked (`after`, 0 at
 * first), so that it looks at them once in an hour.
 */
export type Purge = (tx: Tx, now: number, limit: number, after: number) => Promise<number | Stretch>;
/** Rows that were looked at in the order of their places, and the place of the last of them. */
export interface Stretch {
  looked: number;
  last: number;
}
/** By name: what the timer's key says. */
export type Purges = Readonly<Record<string, Purge>>;

export const PURGE = 'purge';
/** How long after a purge the next one of the same begins: an hour in milliseconds. */
const PURGE_EVERY_MS = 60 * 60 * 1000;
/** Rows that go in one transaction, so that a purge of millions keeps nobody waiting. */
export const PURGE_BATCH = 200;

/** One batch per firing; while batches are full the next one is due at once. */
export const purgeHandler =
  ({ database, clock }: { database: Database; clock: Clock }, purges: Purges): TimerHandler =>
  (timer) =>
    database.write(async (tx) => {
      const purge = purges[timer.key];
      // A purge that this version does not have is not armed again.
      if (!(await takeTimer(tx, timer)) || !purge) return;
      const now = clock.now();
      const done = await purge(tx, now, PURGE_BATCH, afterOf(timer.data));
      const { looked, last: after } = typeof done === 'number' ? { looked: done, last: 0 } : done;
      const next =
        looked < PURGE_BATCH
          ? { dueAt: now + PURGE_EVERY_MS }
          : { dueAt: now, ...(after > 0 && { data: { after } }) };
      await setTimer(tx, { kind: PURGE, key: timer.key, ...next });
    });

/** How far the purge that is under way has come; 0: it begins. */
const afterOf = (data: unknown): number => (data as { after?: number } | null)?.after ?? 0;

/** Arms the purges that are not armed; the same on every start. */
export async function seedPurges(tx: Tx, names: readonly string[], now: number): Promise<void> {
  for (const key of names) await ensureTimer(tx, { kind: PURGE, key, dueAt: now + PURGE_EVERY_MS });
}
