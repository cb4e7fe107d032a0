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
  /** In the log: hold the writers until everything is copied; this bounds the log whatever the disk does. */
  stall: number;
}

export interface CheckpointerOptions {
  file: string;
  limits: CheckpointLimits;
  /** The writer's turn, taken while the log starts anew, so that the main thread never blocks on SQLite's lock. */
  writer: Turns;
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

  /** Starts a run if the log has grown enough; cheap enough to call after every sync (about 4 us). */
  consider(): void {
    if (this.#running !== undefined || this.#closed) return;
    const state = this.#options.measure();
    if (state === undefined) return;
    this.frames = state.log;
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
    const { limits } = this.#options;
    let outcome: CheckpointOutcome | undefined;
    if (log < limits.stall) outcome = await this.#worker.ask('PASSIVE');
    if (log >= limits.restart)
      outcome = await this.#startAnew(log >= 2 * limits.restart ? 'TRUNCATE' : 'RESTART');
    this.checkpoints++;
    this.#busyAt = outcome?.busy ? log : undefined;
  }

  async #startAnew(mode: CheckpointMode): Promise<CheckpointOutcome> {
    const { writer } = this.#options;
    await writer.take();
    try {
      return await this.#worker.ask(mode);
    } finally {
      writer.release();
    }
  }
}
