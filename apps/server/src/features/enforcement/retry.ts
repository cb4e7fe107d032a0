import { backoffMs } from '../../kernel/backoff.ts';

/** Work that failed and is tried again after 1 s, 2 s, 4 s... up to 60 s. */
export interface Retry {
  /** Asks for another attempt; at most one is waiting at a time. */
  soon(): void;
  /** Says that it works again: the next pause is the shortest. */
  worked(): void;
  /** No further attempts. */
  stop(): void;
}

/** `work` must not throw: it asks for another attempt itself. */
export function createRetry(work: () => Promise<void>): Retry {
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const attempt = async (): Promise<void> => {
    timer = undefined;
    await work();
  };
  return {
    soon() {
      if (isStopped || timer !== undefined) return;
      timer = setTimeout(() => void attempt(), backoffMs(failures)).unref();
      failures++;
    },
    worked() {
      failures = 0;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
