import { existsSync, readFileSync } from 'node:fs';

/** Whether a process is gone, or a corpse that its parent has not buried. */
export function isGone(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  try {
    return !existsSync(file) || / [ZX] /.test(readFileSync(file, 'utf8'));
  } catch {
    return true;
  }
}

/** Waits until the condition holds; the milliseconds that it took. Rejects with `what` after the bound. */
export async function until(what: string, condition: () => boolean, withinMs: number): Promise<number> {
  const began = performance.now();
  while (!condition()) {
    if (performance.now() - began > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return performance.now() - began;
}
