import { createTurn } from '../../kernel/turn.ts';
import { createFiring, type TimersOptions } from './fire-due.ts';
import { countDueTimers, nextDue } from './timers.store.ts';

/** How often the table is looked into for what other processes have set, in milliseconds. */
const POLL_MS = 500;
const NEVER = Number.POSITIVE_INFINITY;

/** Fires timers at their time. Every process runs one; each timer is fired by one of them. */
export interface Timers {
  /** Begins at once with what came due while no server was running. */
  start(): void;
  /** A timer was set and its transaction has committed: it is not missed until the next look into the table. */
  wake(dueAt?: number): void;
  /** Does everything that is due by the clock; rejects when the store fails. What tests call after they turned the clock. */
  tick(): Promise<void>;
  /** How many timers are due now, and for how long the first of them has been, in milliseconds. */
  stats(): Promise<{ due: number; lateMs: number }>;
  /** Finishes what is at work; fires nothing more. */
  close(): Promise<void>;
}

/**
 * The alarm is set for the next due time, and for `POLL_MS` at the latest. Waiting is by the machine's timers, deciding
 * by the clock: an alarm that rings early finds nothing due and is set again.
 */
export function createTimers(options: TimersOptions): Timers {
  const { database, clock, logger, handlers } = options;
  const kinds = Object.keys(handlers);
  const firing = createFiring(options);
  let isFailing = false;
  const turn = createTurn();

  /** One pass at a time: who asks for another one gets it after the running one. */
  const inTurn = (): Promise<number> => turn(() => firing.pass());
  const inBackground = async (): Promise<number> => {
    try {
      const next = await inTurn();
      isFailing = false;
      return next;
    } catch (err) {
      if (!isFailing) logger.error({ err }, 'timers could not be read or put off; trying again');
      isFailing = true;
      return NEVER;
    }
  };
  const alarm = createAlarm(clock, inBackground);

  return {
    start: () => alarm.start(),
    wake: (dueAt = clock.now()) => alarm.wake(dueAt),
    tick: async () => void (await inTurn()),
    async stats() {
      const now = clock.now();
      const [due, next] = await database.read((snapshot) =>
        Promise.all([countDueTimers(snapshot, kinds, now), nextDue(snapshot, kinds)]),
      );
      return { due, lateMs: Math.max(0, now - (next ?? now)) };
    },
    async close() {
      firing.stop();
      alarm.stop();
      await turn(async () => undefined);
    },
  };
}

/** Rings at the next due time that `ring` resolves with, and every `POLL_MS`; `ring` does not reject. */
function createAlarm(clock: TimersOptions['clock'], ring: () => Promise<number>) {
  let isStarted = false;
  let isStopped = false;
  /** Undefined while a pass is running. */
  let waiting: NodeJS.Timeout | undefined;
  let ringsAt = NEVER;
  /** The earliest time that `wake` named since the running pass began. */
  let woken = NEVER;

  const set = (dueAt: number): void => {
    if (isStopped) return;
    const now = clock.now();
    ringsAt = Math.min(Math.max(dueAt, now), now + POLL_MS);
    clearTimeout(waiting);
    waiting = setTimeout(() => void work(), ringsAt - now).unref();
  };
  const work = async (): Promise<void> => {
    waiting = undefined;
    woken = NEVER;
    const next = await ring();
    set(Math.min(next, woken));
  };

  return {
    start(): void {
      if (isStarted || isStopped) return;
      isStarted = true;
      void work();
    },
    wake(dueAt: number): void {
      woken = Math.min(woken, dueAt);
      if (waiting !== undefined && dueAt < ringsAt) set(dueAt);
    },
    stop(): void {
      isStopped = true;
      clearTimeout(waiting);
    },
  };
}
