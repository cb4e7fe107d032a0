import { closeSync, openSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CompiledQuery } from 'kysely';
import { Checkpointer, type CheckpointLimits, type CheckpointOutcome } from './checkpointer.ts';
import { makeFile, makeFolder, SQLITE_FILE, syncFolder } from './data-folder.ts';
import type { Database, Handle, StorageHooks, Tx } from './database.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { rawStatement } from './prepared.ts';
import { Snapshots } from './snapshots.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { StorageBusyError, StorageUnavailableError } from './storage-errors.ts';
import { Turns } from './turns.ts';
import { WalSync } from './wal-sync.ts';
import { WorkerReads } from './worker-reads.ts';
import { type Performed, WriteGroups } from './write-groups.ts';

export { SQLITE_FILE };

const MEGABYTE_OF_FRAMES = 1_048_576 / (4_096 + 24);
const LIMITS: CheckpointLimits = {
  passive: Math.round(8 * MEGABYTE_OF_FRAMES),
  restart: Math.round(32 * MEGABYTE_OF_FRAMES),
  stall: Math.round(128 * MEGABYTE_OF_FRAMES),
};

export interface SqliteOptions {
  /** The data folder; made (mode 700) when missing. */
  folder: string;
  /** Test hooks; absent in production. */
  hooks?: StorageHooks;
  /** Replaces the system call that makes commits durable, in tests; absent in production. */
  fdatasync?: (fd: number) => Promise<void>;
  /** When to checkpoint. (Default: copy at 8 MB, start the log anew at 32 MB, hold writers at 128 MB.) */
  checkpoint?: CheckpointLimits;
  /** Read-only connections. (Default: 4) */
  readers?: number;
  /** How long a sync may run before the check fails, in milliseconds. (Default: 5,000) */
  maxSyncMs?: number;
  /** Longest wait for the writer or a reader, in milliseconds. (Default: 30,000) */
  maxWaitMs?: number;
}

/**
 * Opens the embedded store. Throws `FolderInUseError` when another process has the folder, and
 * `StorageUnavailableError` when the file cannot be used. Design and trade-offs: docs/adr/0003-sqlite-durability.md.
 */
export async function openSqlite(options: SqliteOptions): Promise<Database> {
  const folder = resolve(options.folder);
  makeFolder(folder);
  const lock = lockFolder(folder);
  try {
    return new SqliteDatabase(folder, lock, options);
  } catch (cause) {
    lock.release();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StorageUnavailableError(
      `The database in ${folder} cannot be opened: ${reason}. Check the disk, or restore a backup.`,
      { cause },
    );
  }
}

class SqliteDatabase implements Database {
  readonly engine = 'sqlite';
  readonly #file: string;
  readonly #lock: FolderLock;
  readonly #hooks: StorageHooks | undefined;
  readonly #writer: SqliteConnection;
  readonly #turns: Turns;
  readonly #groups: WriteGroups;
  readonly #snapshots: Snapshots;
  readonly #walFd: number;
  readonly #sync: WalSync;
  readonly #checkpointer: Checkpointer;
  readonly #longReads: WorkerReads;
  readonly #maxSyncMs: number;
  #commits = 0;
  /** Why the last commit that wrote was refused; undefined once one went through. */
  #refusal: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(folder: string, lock: FolderLock, options: SqliteOptions) {
    const { hooks, fdatasync, readers = 4, maxWaitMs = 30_000, checkpoint = LIMITS } = options;
    this.#file = join(folder, SQLITE_FILE);
    this.#lock = lock;
    this.#maxSyncMs = options.maxSyncMs ?? 5_000;
    this.#hooks = hooks;
    this.#writer = openWriter(this.#file);
    syncFolder(folder);
    const waits = { maxWaitMs, maxWaiting: 20_000 };
    this.#turns = new Turns({ name: "the writer's turn", holders: 1, ...waits });
    this.#snapshots = new Snapshots(this.#file, { connections: readers, ...waits });
    const wal = `${this.#file}-wal`;
    this.#walFd = openSync(wal, 'r+');
    this.#sync = new WalSync({ file: wal, fd: this.#walFd, fdatasync, hooks });
    this.#groups = new WriteGroups({
      connection: this.#writer,
      hooks,
      failure: () => this.#sync.failure,
      beforeCommit: () => this.#snapshots.keep(),
      onCommit: (writers) => this.#onCommit(writers),
      onRefused: (error) => {
        if (isRefusedByDisk(error)) this.#refusal = error;
      },
    });
    this.#checkpointer = new Checkpointer({
      file: this.#file,
      limits: checkpoint,
      writer: {
        // Whoever holds the writer's turn without being an act finds no transaction open.
        take: () => this.#turns.take().then(() => this.#groups.close()),
        release: () => this.#turns.release(),
      },
      measure: measureWith(this.#writer),
      onFailure: (cause) => void this.#sync.fail('The disk refused a checkpoint', cause),
    });
    this.#longReads = new WorkerReads(this.#file);
  }

  read<T>(work: (snapshot: Handle) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closed());
    return this.#snapshots.read(work);
  }

  async write<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw closed();
    if (!this.#turns.tryTake()) await this.#turns.take();
    let done: Performed<T>;
    try {
      done = await this.#groups.perform(work);
    } finally {
      this.#turns.release();
    }
    const { onDisk } = await done.committed;
    if (this.#hooks) await this.#hooks.at('after-commit');
    await onDisk;
    return done.result;
  }

  scan<R>(batchAfter: (last: R | undefined) => CompiledQuery<R>): AsyncIterable<R[]> {
    return this.#longReads.scan(batchAfter);
  }

  async check(): Promise<void> {
    if (this.#sync.failure) throw this.#sync.failure;
    if (this.#sync.runningMs > this.#maxSyncMs) {
      throw new StorageBusyError(`the disk has not stored a commit for ${this.#maxSyncMs} ms`);
    }
    await this.read((snapshot) => snapshot.run(rawStatement('select 1')));
    // The immediate transaction takes the writer's lock, so a stuck writer shows. After a refused commit only one
    // that writes can tell whether there is room again.
    const probe = this.#refusal ? 'pragma application_id = 0' : 'select 1';
    await this.write((tx) => tx.run(rawStatement(probe)));
  }

  stats(): Record<string, number> {
    return {
      database_bytes: sizeOf(this.#file),
      wal_bytes: sizeOf(`${this.#file}-wal`),
      wal_frames: this.#checkpointer.frames,
      commits: this.#commits,
      syncs: this.#sync.synced,
      syncs_ms: Math.round(this.#sync.syncedMs),
      sync_running_ms: Math.round(this.#sync.runningMs),
      checkpoints: this.#checkpointer.checkpoints,
      writers_waiting: this.#turns.waiting,
      readers_waiting: this.#snapshots.turns.waiting,
      cached_statements: this.#writer.cachedStatements + this.#snapshots.cachedStatements,
      failed: this.#sync.failure ? 1 : 0,
    };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #onCommit(writers: number): Promise<void> {
    if (writers === 0) return this.#sync.settled();
    this.#snapshots.renew();
    this.#commits += writers;
    this.#refusal = undefined;
    const onDisk = this.#sync.afterCommit();
    // Here no transaction is open, so the log can be measured.
    this.#checkpointer.consider();
    return onDisk;
  }

  async #close(): Promise<void> {
    await this.#turns.whenIdle();
    this.#groups.close();
    await this.#sync.settled().catch(() => undefined);
    await this.#checkpointer.close();
    await this.#longReads.close();
    await this.#snapshots.close();
    // The last connection to close copies the rest of the log and deletes it.
    this.#writer.close();
    closeSync(this.#walFd);
    this.#lock.release();
  }
}

/** A full disk, or one that fails: SQLITE_FULL, SQLITE_IOERR_WRITE and the like. */
const isRefusedByDisk = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && /^SQLITE_(FULL|IOERR)/.test(String(error.code));

const closed = (): Error => new StorageUnavailableError('the store is closed');

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

/**
 * The writer's connection. What an earlier process left in the log is copied into the database with full syncs
 * first: after an fsync that failed, the kernel may call pages clean that never reached the disk, and later
 * commits must not stand on such a log.
 */
function openWriter(file: string): SqliteConnection {
  makeFile(file);
  const connection = new SqliteConnection({ file, cacheKib: 16_384, busyTimeoutMs: 1_000 });
  connection.pragma('journal_mode = wal');
  connection.pragma('synchronous = full');
  connection.pragma('wal_autocheckpoint = 0');
  connection.pragma('wal_checkpoint(TRUNCATE)');
  connection.pragma('synchronous = normal');
  return connection;
}

/** A checkpoint that does nothing tells the length of the log; refused inside a transaction. */
function measureWith(connection: SqliteConnection): () => CheckpointOutcome | undefined {
  const ask = connection.command('pragma wal_checkpoint(NOOP)');
  return () => (connection.inTransaction ? undefined : (ask() as CheckpointOutcome));
}
