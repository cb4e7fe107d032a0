import { setImmediate as nextTurn } from 'node:timers/promises';
import { backoffMs } from '../../kernel/backoff.ts';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import type { Database, Engine } from '../../storage/database.ts';
import { dueTimers, nextDue, postponeTimer, type Timer } from './timers.store.ts';

/**
 * Does what a timer is for and deletes its row in the same transaction (`takeTimer`). When it throws, nothing of its
 * work may stay; it is called again later.
 */
export type TimerHandler = (timer: Timer) => Promise<unknown>;
/** By kind. Timers of other kinds are left alone: a newer version on the same database may know them. */
export type TimerHandlers = Readonly<Record<string, TimerHandler>>;

export interface TimersOptions {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  handlers: TimerHandlers;
}

/** Timers of one kind that are read at once: of many that are due together, every kind gets its turn. */
const LANE = 32;
/** Timers at work at the same time: on SQLite they share a commit, on PostgreSQL they leave connections to requests. */
const AT_ONCE: Readonly<Record<Engine, number>> = { sqlite: 16, postgres: 6 };

/** Everything that is due by the clock, in passes. */
export interface Firing {
  /** Fires until nothing is due; resolves with the next due time, infinite when there is none. */
  pass(): Promise<number>;
  /** The pass that is running ends with the timers that are at work. */
  stop(): void;
}

export function createFiring({ database, clock, logger, handlers }: TimersOptions): Firing {
  const kinds = Object.keys(handlers);
  const atOnce = AT_ONCE[database.engine];
  let isStopped = false;

  const fire = async (timer: Timer): Promise<void> => {
    const { kind, key, attempts } = timer;
    try {
      await handlers[kind]?.(timer);
    } catch (err) {
      if (attempts === 0) logger.error({ err, kind, key }, 'the work of a timer failed; it is tried again');
      const later = clock.now() + backoffMs(attempts);
      await database.write((tx) => postponeTimer(tx, timer, later));
    }
  };
  /** Fires them, so many at work at all times. A failure of the store is thrown when those at work have settled. */
  const fireAll = async (timers: readonly Timer[]): Promise<void> => {
    const left = timers.values();
    const failures: unknown[] = [];
    const lane = async (): Promise<void> => {
      for (const timer of left) {
        if (isStopped || failures.length > 0) return;
        await fire(timer).catch((error: unknown) => failures.push(error));
        // Whoever waits for the event loop comes first: a raid's bans may end in one second.
        await nextTurn();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    if (failures.length > 0) throw failures[0];
  };

  return {
    async pass() {
      while (!isStopped) {
        const now = clock.now();
        const next = await database.read((snapshot) => nextDue(snapshot, kinds));
        if (next === undefined) break;
        if (next > now) return next;
        const lanes = await database.read((snapshot) =>
          Promise.all(kinds.map((kind) => dueTimers(snapshot, now, LANE, kind))),
        );
        await fireAll(inTurns(lanes));
      }
      return Number.POSITIVE_INFINITY;
    },
    stop() {
      isStopped = true;
    },
  };
}

/** The first of each lane, then the second of each, and so on. */
function inTurns(lanes: readonly (readonly Timer[])[]): Timer[] {
  const longest = Math.max(0, ...lanes.map((lane) => lane.length));
  return Array.from({ length: longest }, (_, at) => lanes.flatMap((lane) => lane[at] ?? [])).flat();
}
