import type { StorageHooks, Tx } from './database.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { SqliteHandle, type SqliteSession, sessionOn } from './sqlite-handle.ts';

/** Most acts of one group. 16 acts take 3 ms, and the pages that they share are shared by then. */
const MOST_ACTS = 16;

/** One transaction of SQLite and the acts that share it. */
interface Group {
  /** Acts that ended well in it. */
  acts: number;
  /** Those of them that wrote. */
  writers: number;
  /** Whether the turn of the event loop in which it began is over. */
  isOverdue: boolean;
  /** Settled by the commit, for every act alike. */
  readonly committed: PromiseWithResolvers<Committed>;
}

/** A commit that went through. */
export interface Committed {
  /** Resolves when it is on disk. An object, because a promise inside a promise would be awaited with it. */
  onDisk: Promise<void>;
}

/** An act whose work is done; its result may be told when `committed` and then `onDisk` have resolved. */
export interface Performed<T> {
  result: T;
  committed: Promise<Committed>;
}

/** The act whose turn it is. */
interface Working {
  readonly handle: SqliteHandle;
  /** How it stands in the open group; undefined before its first statement. */
  place: 'first' | 'inside' | undefined;
  /** Whether it was taken out of its group. */
  isOut: boolean;
}

export interface WriteGroupsOptions {
  connection: SqliteConnection;
  hooks?: StorageHooks | undefined;
  /** Why nothing may be committed any more; undefined while all is well. */
  failure: () => Error | undefined;
  /** Called right before the commit of acts that wrote; when it throws they are refused. */
  beforeCommit: () => void;
  /** Called right after a commit of so many acts that wrote (perhaps none); resolves when all is on disk. */
  onCommit: (writers: number) => Promise<void>;
  /** Called when an act failed or a commit was refused. */
  onRefused: (error: unknown) => void;
}

/**
 * The writer. Acts of one turn of the event loop share a transaction: it is committed when the turn of the loop
 * ends, which is when the sync begins, or after 16 acts. All but the first stand in a savepoint of their own, so an
 * act that throws takes back itself alone. Why: an act writes 12 to 20 pages of log, most of them the ends of
 * tables and indexes that its neighbours write too (docs/adr/0011-fewer-waits-per-act.md has the figures).
 *
 * `perform` is called by whoever holds the writer's turn, and by nobody else meanwhile.
 */
export class WriteGroups {
  readonly #options: WriteGroupsOptions;
  readonly #whole: SqliteSession;
  readonly #savepoint: SqliteSession;
  /** What the handles see as their transaction. */
  readonly #session: SqliteSession;
  #group: Group | undefined;
  #working: Working | undefined;

  constructor(options: WriteGroupsOptions) {
    const { connection } = options;
    this.#options = options;
    this.#whole = sessionOn(connection, 'begin immediate');
    this.#savepoint = savepointsOn(connection);
    this.#session = {
      connection,
      begin: () => this.#join(),
      commit: () => this.#working?.place === 'inside' && this.#savepoint.commit(),
      rollback: () => this.#takeBack(),
    };
  }

  /** Runs the work in the open group or a new one. */
  async perform<T>(work: (tx: Tx) => Promise<T>): Promise<Performed<T>> {
    const failure = this.#options.failure();
    if (failure) throw failure;
    const working: Working = { handle: new SqliteHandle(this.#session), place: undefined, isOut: false };
    this.#working = working;
    try {
      const result = await work(working.handle);
      if (this.#options.hooks) await this.#options.hooks.at('before-commit');
      if (!working.isOut) return { result, committed: this.#end(working) };
    } catch (error) {
      if (!working.isOut) throw this.#fail(working, error);
    } finally {
      this.#working = undefined;
    }
    // It was taken out of its group because it waited for something: the transaction is its own this time.
    return this.perform(work);
  }

  /** Commits what is open. To be called while no act is under way. */
  close(): void {
    const group = this.#group;
    if (group === undefined) return;
    this.#group = undefined;
    try {
      const failure = this.#options.failure();
      if (failure) throw failure;
      if (group.writers > 0) this.#options.beforeCommit();
      this.#whole.commit();
    } catch (error) {
      if (this.#options.connection.inTransaction) this.#whole.rollback();
      this.#options.onRefused(error);
      group.committed.reject(error);
      return;
    }
    group.committed.resolve({ onDisk: this.#options.onCommit(group.writers) });
  }

  #join(): void {
    const working = this.#working;
    if (working === undefined) throw new Error('a transaction began without the turn to write');
    if (this.#group !== undefined) {
      this.#savepoint.begin();
      working.place = 'inside';
      return;
    }
    this.#whole.begin();
    working.place = 'first';
    const committed = Promise.withResolvers<Committed>();
    // When every act of it failed, nobody waits for the group.
    committed.promise.catch(() => undefined);
    const group: Group = { acts: 0, writers: 0, isOverdue: false, committed };
    this.#group = group;
    setImmediate(() => this.#endTurn(group));
  }

  /** The act is done; also one that only read, or did nothing, waits for what it may have answered from. */
  #end({ handle, place }: Working): Promise<Committed> {
    handle.commit();
    const group = this.#group;
    if (group === undefined) return Promise.resolve({ onDisk: this.#options.onCommit(0) });
    if (place !== undefined) group.acts++;
    if (handle.wrote) group.writers++;
    if (group.isOverdue || group.acts >= MOST_ACTS) this.close();
    return group.committed.promise;
  }

  #fail({ handle }: Working, error: unknown): unknown {
    handle.rollback();
    this.#options.onRefused(error);
    // Some errors (a full disk) make SQLite roll the whole back by itself, neighbours included.
    if (this.#group !== undefined && !this.#options.connection.inTransaction) {
      this.#group.committed.reject(error);
      this.#group = undefined;
    }
    return error;
  }

  #takeBack(): void {
    if (this.#working?.place === 'inside') {
      this.#savepoint.rollback();
      return;
    }
    this.#group = undefined;
    this.#whole.rollback();
  }

  /** The turn of the loop is over. Whoever still works waits for something, and the others need not. */
  #endTurn(group: Group): void {
    if (this.#group !== group) return;
    const working = this.#working;
    if (working?.place === 'first') {
      group.isOverdue = true;
      return;
    }
    if (working?.place === 'inside') {
      working.handle.rollback();
      working.isOut = true;
    }
    this.close();
  }
}

/** `rollback to` leaves the savepoint open, hence the release after it. */
function savepointsOn(connection: SqliteConnection): SqliteSession {
  const release = connection.command('release act');
  const undo = connection.command('rollback to act');
  return {
    connection,
    begin: connection.command('savepoint act'),
    commit: release,
    rollback: () => {
      undo();
      release();
    },
  };
}
