import type { Clock } from '../../kernel/clock.ts';
import type { Database, Tx } from '../../storage/database.ts';
import type { TimerHandler } from './fire-due.ts';
import { ensureTimer, setTimer, takeTimer } from './timers.store.ts';

/** Drops what is past its time, at most `limit` rows of it; resolves with how many. Told to nobody. */
export type Purge = (tx: Tx, now: number, limit: number) => Promise<number>;
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
      const isOver = (await purge(tx, now, PURGE_BATCH)) < PURGE_BATCH;
      await setTimer(tx, { kind: PURGE, key: timer.key, dueAt: isOver ? now + PURGE_EVERY_MS : now });
    });

/** Arms the purges that are not armed; the same on every start. */
export async function seedPurges(tx: Tx, purges: Purges, now: number): Promise<void> {
  for (const key of Object.keys(purges))
    await ensureTimer(tx, { kind: PURGE, key, dueAt: now + PURGE_EVERY_MS });
}
