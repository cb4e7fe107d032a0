import { startTask, type Task } from '../measure/task.ts';

/** What the crowd is told. */
export type CrowdOrder =
  | { kind: 'open'; url: string; tokens: string[]; watching?: string }
  | { kind: 'expect'; text: string }
  | { kind: 'arrived' }
  | { kind: 'close' };

/** How many sockets, and when the last of them was done, in milliseconds since 1970. */
export interface Arrivals {
  count: number;
  lastAt: number;
}

/** Event sockets of many people, in a process of their own. */
export interface Crowd {
  /** A socket for each token; with `watching` (the address of a call) each watches it. Resolves when all are open. */
  open(to: { url: string; tokens: string[]; watching?: string }): Promise<Arrivals>;
  /** From now on the message that holds this text is waited for. */
  expect(text: string): Promise<void>;
  /** Resolves when every socket had the message. */
  arrived(): Promise<Arrivals>;
  close(): Promise<void>;
  stop(): Promise<void>;
}

export function startCrowd(): Crowd {
  const task: Task<CrowdOrder, Arrivals> = startTask(new URL('./crowd-task.ts', import.meta.url));
  return {
    open: (to) => task.ask({ kind: 'open', ...to }),
    expect: async (text) => void (await task.ask({ kind: 'expect', text })),
    arrived: () => task.ask({ kind: 'arrived' }),
    close: async () => void (await task.ask({ kind: 'close' })),
    stop: () => task.stop(),
  };
}
