import { startTask, type Task } from '../measure/task.ts';
import type { Held } from './held.ts';

export type BareSocketsOrder = { kind: 'listen' } | { kind: 'send'; text: string } | { kind: 'collect' };
export type BareSocketsAnswer = Held | { port: number } | { began: number };

/** The baseline: a `ws` server that does nothing but hold sockets and send. */
export interface BareSockets {
  url(): Promise<string>;
  /** Sends the text to every socket in one loop; resolves with when the loop began, ms since 1970. */
  send(text: string): Promise<number>;
  held(): Promise<Held>;
  stop(): Promise<void>;
}

export function startBareSockets(): BareSockets {
  const task: Task<BareSocketsOrder, BareSocketsAnswer> = startTask(
    new URL('./bare-sockets-task.ts', import.meta.url),
  );
  const ask = async <T extends BareSocketsAnswer>(order: BareSocketsOrder): Promise<T> =>
    (await task.ask(order)) as T;
  return {
    url: async () => `ws://127.0.0.1:${(await ask<{ port: number }>({ kind: 'listen' })).port}`,
    send: async (text) => (await ask<{ began: number }>({ kind: 'send', text })).began,
    held: () => ask<Held>({ kind: 'collect' }),
    stop: () => task.stop(),
  };
}
