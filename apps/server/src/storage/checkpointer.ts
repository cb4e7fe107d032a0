import { StorageBusyError } from './storage-errors.ts';
import type { Turns } from './turns.ts';
import { WorkerChannel } from './worker-channel.ts';

export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';

/** What SQLite answers: whether somebody was in the way, frames in the log, frames copied so far. */
export interface CheckpointOutcome {
  busy: number;
  log: number;
  checkpointed: number;
}

/** Thresholds in frames (pages) of the write-ahead log. */
export interface CheckpointLimits {
  /** Not yet copied: copy them beside the writers. */
  passive: number;
  /** In the log: hold the writers for the moment that it takes to start the log anew. */
  restart: number;
  /** In the log while a run is on: hold the writers until it has ended. This bounds the log whatever the disk does. */
  stall: number;
}

export interface CheckpointerOptions {
  file: string;
  limits: CheckpointLimits;
  /** The writer's turn, taken while the log starts anew, so that the main thread never blocks on SQLite's lock. */
  writer: Pick<Turns, 'take' | 'release'>;
  /** The log as it is now; undefined while it cannot be asked. */
  measure: () => CheckpointOutcome | undefined;
  /** A checkpoint failed for another reason than somebody in the way: the disk cannot be trusted. */
  onFailure: (cause: unknown) => void;
}

/**
 * Copies the write-ahead log into the database on a worker thread. PASSIVE never makes a writer wait but never
 * catches up under constant writing, so a large log is started anew while the writer's turn is held: after a
 * PASSIVE run little is left to copy. RESTART keeps the file, because syncing overwritten blocks is cheaper
 * than syncing a growing file; TRUNCATE gives space back after a peak.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #worker: WorkerChannel<CheckpointMode, CheckpointOutcome>;
  #running: Promise<void> | undefined;
  /** Frames in the log when a reader was in the way last: no new try before it has grown (or started anew). */
  #busyAt: number | undefined;
  /** The writer's turn, taken or waited for by the current run. */
  #held: Promise<void> | undefined;
  #closed = false;
  /** Runs that copied something. */
  checkpoints = 0;
  /** Frames in the log when last measured. */
  frames = 0;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    this.#worker = new WorkerChannel(new URL('./checkpoint-worker.ts', import.meta.url), {
      file: options.file,
    });
  }

  /** Starts a run if the log has grown enough; cheap enough to call after every commit (about 4 us). */
  consider(): void {
    if (this.#closed) return;
    const state = this.#options.measure();
    if (state === undefined) return;
    this.frames = state.log;
    if (this.#running !== undefined) {
      if (state.log >= this.#options.limits.stall) this.#holdWriter().catch(() => undefined);
      return;
    }
    if (!this.#isDue(state)) return;
    this.#running = this.#run(state)
      .catch((cause: unknown) => {
        if (!this.#closed) this.#options.onFailure(cause);
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
    await this.#worker.close();
  }

  #isDue({ log, checkpointed }: CheckpointOutcome): boolean {
    const { passive, restart } = this.#options.limits;
    if (this.#busyAt !== undefined && log >= this.#busyAt && log < this.#busyAt + passive) return false;
    return log - checkpointed >= passive || (log >= restart && log > checkpointed);
  }

  async #run({ log }: CheckpointOutcome): Promise<void> {
    const { restart } = this.#options.limits;
    try {
      let outcome = await this.#worker.ask('PASSIVE');
      if (this.#held !== undefined || outcome.log >= restart) {
        outcome = await this.#startAnew(outcome.log >= 2 * restart ? 'TRUNCATE' : 'RESTART');
      }
      this.checkpoints++;
      this.#busyAt = outcome.busy ? log : undefined;
    } catch (error) {
      // Somebody holds the writer's turn for long: the next commit tries again.
      if (!(error instanceof StorageBusyError)) throw error;
    } finally {
      await this.#letWriterGo();
    }
  }

  async #startAnew(mode: CheckpointMode): Promise<CheckpointOutcome> {
    await this.#holdWriter();
    return this.#worker.ask(mode);
  }

  /** Takes the writer's turn for the rest of this run, once. */
  #holdWriter(): Promise<void> {
    this.#held ??= this.#options.writer.take();
    return this.#held;
  }

  async #letWriterGo(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held === undefined) return;
    await held.then(
      () => this.#options.writer.release(),
      () => undefined,
    );
  }
}
