import type { CompiledQuery } from 'kysely';
import type { Pool, PoolClient } from 'pg';
import type { Handle } from './database.ts';
import type { PostgresHandle } from './postgres-handle.ts';
import { takeConnection } from './postgres-pool.ts';

/** Most reads that share a snapshot. */
const MOST_READS = 16;

/** A snapshot on a connection of its own, and the reads in it. */
export interface Snapshot {
  readonly handle: PostgresHandle;
  readonly client: PoolClient;
}

interface Shared {
  /** Resolves when there is a connection; the snapshot is taken by the first statement after that. */
  readonly begun: Promise<Snapshot>;
  /** Reads that joined. */
  joined: number;
  /** Reads that have not ended. */
  reading: number;
}

/** A read's place in a snapshot. */
export interface Place {
  readonly snapshot: Snapshot;
  /** What the read gets to see; refuses statements after `end`. */
  readonly handle: Handle;
  /** Whether others are or were in the snapshot. */
  readonly isShared: boolean;
  /** Ends the read; true when it was the last one, and the snapshot is to be ended. */
  end(): boolean;
}

/**
 * Reads that wait for a connection wait for the same one, and share its snapshot: it is taken when the connection
 * is there, so later than every one of them began. Their statements travel together. Why: with 64 requests over
 * 16 connections each read waited for a connection, a `begin` and a `rollback` of its own.
 */
export class SharedSnapshots {
  readonly #pool: Pool;
  readonly #begin: (client: PoolClient) => PostgresHandle;
  /** Waits for a connection; others may join. */
  #waiting: Shared | undefined;

  constructor(pool: Pool, begin: (client: PoolClient) => PostgresHandle) {
    this.#pool = pool;
    this.#begin = begin;
  }

  /** A place in the snapshot that waits for a connection, or in a new one. Alone: one that nobody shares. */
  async join(alone: boolean): Promise<Place> {
    const { totalCount, idleCount, options } = this.#pool;
    const isCrowded = idleCount === 0 && totalCount >= (options.max ?? 0);
    const known = alone || !isCrowded ? undefined : this.#waiting;
    const shared = known ?? this.#take(isCrowded && !alone);
    shared.joined++;
    shared.reading++;
    if (shared.joined >= MOST_READS && this.#waiting === shared) this.#waiting = undefined;
    return placeIn(shared, await shared.begun);
  }

  #take(isOpen: boolean): Shared {
    const close = (): void => {
      if (this.#waiting === shared) this.#waiting = undefined;
    };
    const begun = takeConnection(this.#pool)
      .finally(close)
      .then((client) => ({ client, handle: this.#begin(client) }));
    const shared: Shared = { begun, joined: 0, reading: 0 };
    if (isOpen) this.#waiting = shared;
    return shared;
  }
}

function placeIn(shared: Shared, snapshot: Snapshot): Place {
  let ended = false;
  const handle: Handle = {
    engine: 'postgres',
    get state() {
      return snapshot.handle.state;
    },
    async run<R>(statement: CompiledQuery<R>) {
      if (ended) throw new Error('a statement was run after its snapshot had ended');
      return snapshot.handle.run(statement);
    },
  };
  const end = (): boolean => {
    ended = true;
    shared.reading--;
    return shared.reading === 0;
  };
  return { snapshot, handle, isShared: shared.joined > 1, end };
}
