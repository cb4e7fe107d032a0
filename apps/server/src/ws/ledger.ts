import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionId } from '@callgate/contract';
import { rememberSeen, type Seen } from '../features/users/index.ts';
import {
  addConnection,
  type ConnectionRow,
  closeConnection,
  reopenConnection,
} from '../features/watching/index.ts';
import { type Clock, monotonicMs } from '../kernel/clock.ts';
import type { Logger } from '../kernel/logger.ts';
import { createRounds } from '../kernel/rounds.ts';
import type { Database, Tx } from '../storage/database.ts';

/** What one transaction writes at most: 500 openings take about 20 ms. */
const BATCH = 500;
/** Transactions begin this far apart at least, in milliseconds; the first after a silence begins at once. */
const APART_MS = 20;
/** The pause after a failure, in milliseconds. */
const RETRY_MS = 500;

/**
 * What this process writes of its sockets, in the order in which it happened. What comes within 20 ms shares one
 * transaction, so thousands of clients that come back at once cost a few dozen.
 */
export interface Ledger {
  /** Resolves once the connection is on disk. */
  open(id: ConnectionId, seen: Seen): Promise<void>;
  /** As `reopenConnection` answers. */
  reopen(row: { id: ConnectionId; since: number }, seen: Seen): Promise<ConnectionRow | undefined>;
  /** These people have sockets open still. */
  see(people: readonly Seen[]): Promise<void>;
  /** Nobody waits for it; tried again until the store takes it. */
  end(row: { id: ConnectionId; reason: string }, seen: Seen): void;
  /** Writes what is left; gives up where the store fails. */
  close(): Promise<void>;
}

interface Entry {
  seen: Seen;
  write(tx: Tx): Promise<void>;
  done(): void;
  /** Absent: it is tried again. */
  failed?(error: unknown): void;
}

export function createLedger(deps: {
  database: Database;
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  /** The lease of this process. */
  node: string;
}): Ledger {
  const { database, clock, logger, node } = deps;
  let waiting: Entry[] = [];
  let isFailing = false;
  let begunAt = Number.NEGATIVE_INFINITY;

  const writeSome = async (): Promise<void> => {
    const early = begunAt + APART_MS - monotonicMs();
    if (early > 0) await pause(early);
    begunAt = monotonicMs();
    const batch = waiting.splice(0, BATCH);
    try {
      await database.write(async (tx) => {
        await Promise.all(batch.map((entry) => entry.write(tx)));
        const people = batch.map(({ seen }) => seen);
        await rememberSeen(tx, people, clock.now());
      });
    } catch (error) {
      waiting = [...batch.filter(({ failed }) => failed === undefined), ...waiting];
      for (const { failed } of batch) failed?.(error);
      throw error;
    }
    for (const { done } of batch) done();
  };
  const rounds = createRounds(
    async () => {
      while (waiting.length > 0) await writeSome();
      isFailing = false;
    },
    (error) => {
      if (!isFailing) logger.error({ err: error }, 'sockets could not be written down; trying again');
      isFailing = true;
      setTimeout(() => rounds.wake(), RETRY_MS).unref();
    },
  );
  const add = (entry: Entry): void => {
    waiting.push(entry);
    rounds.wake();
  };
  const answered = <T>(seen: Seen, write: (tx: Tx) => Promise<T>): Promise<T> =>
    new Promise((resolve, failed) => {
      let done = (): void => undefined;
      add({
        seen,
        async write(tx) {
          const answer = await write(tx);
          done = () => resolve(answer);
        },
        done: () => done(),
        failed,
      });
    });

  return {
    open: (id, seen) =>
      answered(seen, (tx) => addConnection(tx, { id, user_id: seen.user_id, node, now: clock.now() })),
    reopen: (row, seen) =>
      answered(seen, (tx) => reopenConnection(tx, { ...row, user_id: seen.user_id, node })),
    async see(people) {
      await Promise.all(people.map((seen) => answered(seen, async () => undefined)));
    },
    end(row, seen) {
      const now = clock.now();
      add({ seen, write: (tx) => closeConnection(tx, { ...row, node, now }), done: () => undefined });
    },
    close: () => rounds.run().catch(() => undefined),
  };
}
