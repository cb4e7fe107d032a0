import { randomUUID } from 'node:crypto';
import type { EventId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { Logger } from '../../kernel/logger.ts';
import { createTurn } from '../../kernel/turn.ts';
import type { Database } from '../../storage/database.ts';
import { claimLease, releaseLease } from '../../storage/leases.store.ts';
import { lastPlace, type Unordered, unorderedEvents, writePlaces } from './event-order.store.ts';

/** Events that get their places in one transaction, at most. */
const BATCH = 500;
/** How often events of other processes are looked for, in milliseconds. */
const TICK_MS = 250;
const LEASE = 'event-order';
const LEASE_MS = 5_000;

/** The order of events over the whole application. */
export interface EventOrder {
  /** Orders what a crash left behind, starts the timer. */
  start(): Promise<void>;
  /** An act has committed events: they get their places now, together with their neighbours. */
  wake(): void;
  /** Resolves when every event that was committed before the call has its place. */
  flush(): Promise<void>;
  /** What the timer does: orders what nobody woke us for, and tells of what others ordered. */
  tick(): Promise<void>;
  /** Told of the last place after each change, in this process or another; answers how to stop. */
  onOrdered(listener: (last: number) => void): () => void;
  close(): Promise<void>;
}

/** What tests may hang onto; absent in production. Awaited. */
export interface EventOrderHooks {
  /** `places-written`: events got their places, not committed yet. `places-committed`: they are on disk, nobody is told. */
  at(point: 'places-written' | 'places-committed'): void | Promise<void>;
}

export interface EventOrderOptions {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  /** Unique per process. (Default: random) */
  holder?: string;
  /** Events per transaction. (Default: 500) */
  batch?: number;
  hooks?: EventOrderHooks | undefined;
}

/**
 * Gives events their places after their commit, so that no act waits for a global lock and no reader meets a gap that
 * fills later. Every batch claims the lease in its own transaction and reads the last place after that: whoever
 * works, places are given once. Where one process does all the acts, the batch runs as soon as the last one ended.
 */
export function createEventOrder(options: EventOrderOptions): EventOrder {
  const { database, logger, hooks } = options;
  const holder = options.holder ?? randomUUID();
  const listeners = new Set<(last: number) => void>();
  const inTurn = createTurn();
  let told = 0;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  /** A run that has not begun yet: whoever wakes us now is served by it. */
  let waiting = false;

  const tell = (last: number): void => {
    if (last <= told) return;
    told = last;
    for (const listener of listeners) listener(last);
  };

  const orderBatch = batchOrderer(options, holder);
  const orderAll = async (takeOver: boolean): Promise<void> => {
    for (let more = true; more; ) {
      const done = await orderBatch(takeOver);
      if (done) {
        await hooks?.at('places-committed');
        tell(done.last);
      }
      more = done?.more ?? false;
    }
  };

  /** Looks first: mostly there is nothing to do, and others may have ordered meanwhile. */
  const order = async (takeOver: boolean): Promise<void> => {
    const { isIdle, last } = await database.read(async (snapshot) => ({
      isIdle: (await unorderedEvents(snapshot, 1)).length === 0,
      last: await lastPlace(snapshot),
    }));
    tell(last);
    if (!isIdle) await orderAll(takeOver);
  };

  /** Nobody waits for this work: its failure is logged once, and the next tick tries again. */
  const inBackground = (work: () => Promise<void>): Promise<void> =>
    inTurn(work).then(
      () => {
        failing = false;
      },
      (error: unknown) => {
        if (!failing) logger.error({ err: error }, 'events could not be put in order; trying again');
        failing = true;
      },
    );

  return {
    wake() {
      if (waiting) return;
      waiting = true;
      void inBackground(() => {
        waiting = false;
        return orderAll(true);
      });
    },
    tick: () => inBackground(() => order(false)),
    flush: () => inTurn(() => order(true)),
    onOrdered(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start() {
      await inTurn(() => order(false));
      timer = setInterval(() => void inBackground(() => order(false)), TICK_MS);
      timer.unref();
    },
    async close() {
      clearInterval(timer);
      await inTurn(async () => {
        await order(true);
        await database.write((tx) => releaseLease(tx, LEASE, holder));
      });
    },
  };
}

/**
 * Gives places to some events in one transaction. Resolves with the last place, and whether there may be more;
 * undefined: nothing to order, or another process has the lease.
 */
const batchOrderer =
  ({ database, clock, batch = BATCH, hooks }: EventOrderOptions, holder: string) =>
  (takeOver: boolean): Promise<{ last: number; more: boolean } | undefined> =>
    database.write(async (tx) => {
      if ((await unorderedEvents(tx, 1)).length === 0) return undefined;
      const claim = { name: LEASE, holder, now: clock.now(), ttlMs: LEASE_MS, takeOver };
      if ((await claimLease(tx, claim)) === undefined) return undefined;
      const [before, rows] = await Promise.all([lastPlace(tx), unorderedEvents(tx, batch)]);
      if (rows.length > 0) await writePlaces(tx, placesOf(rows, before));
      await hooks?.at('places-written');
      return { last: before + rows.length, more: rows.length >= batch };
    });

/**
 * The order of times, corrected within each call: there the commits have numbered the events, whatever the clocks of
 * the processes said.
 */
export function placesOf(rows: readonly Unordered[], before: number): { id: EventId; app_seq: number }[] {
  const byTime = rows.toSorted((a, b) => a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
  const ofCall = new Map<string, Unordered[]>();
  for (const row of byTime) {
    if (row.cid === null) continue;
    const list = ofCall.get(row.cid);
    if (list) list.push(row);
    else ofCall.set(row.cid, [row]);
  }
  for (const list of ofCall.values()) list.sort((a, b) => (b.call_seq ?? 0) - (a.call_seq ?? 0));
  return byTime.map((row, at) => {
    const next = row.cid === null ? row : (ofCall.get(row.cid)?.pop() ?? row);
    return { id: next.id, app_seq: before + at + 1 };
  });
}
