import { monotonicMs } from '../kernel/clock.ts';
import { StorageBusyError } from './storage-errors.ts';

interface Waiter {
  since: number;
  go: () => void;
  refuse: (error: StorageBusyError) => void;
}

export interface TurnsOptions {
  /** What is waited for, for the error message. */
  name: string;
  /** How many may hold a turn at once. */
  holders: number;
  /** Longest wait in milliseconds. A `work` that opens another transaction inside would otherwise hang for ever. */
  maxWaitMs: number;
  /** Most that wait at once. */
  maxWaiting: number;
}

/**
 * After so many turns handed on, the next one waits for the event loop to come round: holders of SQLite's
 * connections never wait for I/O, so a long queue would otherwise run to its end as one piece. 16 acts take 3 ms.
 */
const HANDED_ON_AT_ONCE = 16;

/** Turns in the order of asking, with bounded waits: the writer of SQLite (one holder), its readers, and the like. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting: Waiter[] = [];
  #held = 0;
  #handedOn = 0;
  #idle: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Takes a turn at once if there is one. */
  tryTake(): boolean {
    if (this.#held >= this.#options.holders) return false;
    this.#held++;
    return true;
  }

  /** Resolves when the turn has come; rejects with `StorageBusyError` when the bounds are exceeded. */
  take(): Promise<void> {
    if (this.tryTake()) return Promise.resolve();
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(new StorageBusyError(`too many wait for ${this.#options.name}`));
    }
    return new Promise((go, refuse) => {
      this.#waiting.push({ since: monotonicMs(), go, refuse });
      this.#timer ??= setTimeout(() => this.#refuseOverdue(), this.#options.maxWaitMs);
    });
  }

  /** Gives the turn to whoever waits longest. */
  release(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) {
      this.#handedOn++;
      if (this.#handedOn % HANDED_ON_AT_ONCE === 0) setImmediate(next.go);
      else next.go();
      return;
    }
    this.#held--;
    if (this.#held > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const idle of this.#idle.splice(0)) idle();
  }

  /** Resolves when nobody holds a turn or waits for one. */
  whenIdle(): Promise<void> {
    if (this.#held === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #refuseOverdue(): void {
    const now = monotonicMs();
    const { name, maxWaitMs } = this.#options;
    while (this.#waiting[0] !== undefined && now - this.#waiting[0].since >= maxWaitMs) {
      this.#waiting.shift()?.refuse(new StorageBusyError(`waited ${maxWaitMs} ms for ${name}`));
    }
    const first = this.#waiting[0];
    this.#timer =
      first && setTimeout(() => this.#refuseOverdue(), Math.max(1, maxWaitMs - (now - first.since)));
  }
}
