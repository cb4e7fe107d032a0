import { fdatasync as fdatasyncOfNode, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { monotonicMs } from '../kernel/clock.ts';
import { StorageFailedError, type StorageHooks } from './database.ts';

const fdatasyncOnThreadPool: (fd: number) => Promise<void> = promisify(fdatasyncOfNode);

export interface WalSyncOptions {
  /** The `-wal` file and a descriptor of ours on it. */
  file: string;
  fd: number;
  /** Replaces the system call in tests. */
  fdatasync?: ((fd: number) => Promise<void>) | undefined;
  hooks?: StorageHooks | undefined;
}

/**
 * Group commit. One `fdatasync` is in flight at a time; every commit made meanwhile is covered by the next.
 *
 * States: idle -> scheduled (a commit asked; the sync starts when those who waited for the commit have heard of it)
 * -> running -> scheduled or idle; any of them -> failed, for good.
 */
export class WalSync {
  readonly #options: WalSyncOptions;
  readonly #inode: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #failure: StorageFailedError | undefined;
  #startedAt: number | undefined;
  /** Syncs that succeeded. */
  synced = 0;
  /** How long all of them took, in milliseconds. */
  syncedMs = 0;

  constructor(options: WalSyncOptions) {
    this.#options = options;
    this.#inode = statSync(options.file).ino;
  }

  /** Why nothing can be written any more; undefined while all is well. */
  get failure(): StorageFailedError | undefined {
    return this.#failure;
  }

  /** For how long the running sync has been waited for, in milliseconds; 0 when none runs. */
  get runningMs(): number {
    return this.#startedAt === undefined ? 0 : monotonicMs() - this.#startedAt;
  }

  /** Resolves when an fdatasync that started after this call has finished. */
  afterCommit(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    this.#next ??= this.#schedule();
    return this.#next;
  }

  /** Resolves when every commit so far is on disk. */
  settled(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return this.#next ?? this.#running ?? Promise.resolve();
  }

  /** Refuses everything from now on; the first reason is kept. */
  fail(message: string, cause?: unknown): StorageFailedError {
    this.#failure ??= new StorageFailedError(
      `${message}. Nothing is written any more; check the disk, then restart.`,
      { cause },
    );
    return this.#failure;
  }

  #schedule(): Promise<void> {
    const before = this.#running ?? new Promise((resolve) => process.nextTick(resolve));
    const batch = before.then(() => {
      this.#running = batch;
      this.#next = undefined;
      return this.#sync().finally(() => {
        if (this.#running === batch) this.#running = undefined;
      });
    });
    // Whoever waits for the batch gets the failure; a batch that nobody waits for must not end the process.
    batch.catch(() => undefined);
    return batch;
  }

  async #sync(): Promise<void> {
    const { hooks, fd, fdatasync = fdatasyncOnThreadPool } = this.#options;
    if (this.#failure) throw this.#failure;
    this.#refuseOtherFile();
    if (hooks) await hooks.at('before-fsync');
    this.#startedAt = monotonicMs();
    try {
      await fdatasync(fd);
    } catch (cause) {
      throw this.fail('The disk refused to store a commit (fdatasync failed)', cause);
    } finally {
      this.syncedMs += this.runningMs;
      this.#startedAt = undefined;
    }
    if (this.#failure) throw this.#failure;
    if (hooks) await hooks.at('after-fsync');
    this.synced++;
  }

  /** SQLite writes on into a file that was deleted or moved away, and the next start would not find it. */
  #refuseOtherFile(): void {
    const now = statSync(this.#options.file, { throwIfNoEntry: false });
    if (now?.ino === this.#inode) return;
    throw this.fail('The write-ahead log was deleted or replaced while the server ran');
  }
}
