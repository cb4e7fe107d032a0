import { describe, expect, test } from 'vitest';
import { StorageBusyError } from './storage-errors.ts';
import { Turns } from './turns.ts';

const turnsOf = (options: Partial<ConstructorParameters<typeof Turns>[0]> = {}) =>
  new Turns({ name: 'the turn', holders: 1, maxWaitMs: 60_000, maxWaiting: 3, ...options });

describe('Turns', () => {
  test('[STO58] more than may wait are refused at once', async () => {
    const turns = turnsOf();
    await turns.take();
    const waiting = [turns.take(), turns.take(), turns.take()];
    await expect(turns.take()).rejects.toThrow(StorageBusyError);
    expect(turns.waiting).toBe(3);
    for (const turn of waiting) {
      turns.release();
      await turn;
    }
    turns.release();
    expect(turns.tryTake()).toBe(true);
    turns.release();
  });

  test('[STO58] who waits too long is refused, and the next one still gets the turn', async () => {
    const turns = turnsOf({ maxWaitMs: 20 });
    await turns.take();
    await expect(turns.take()).rejects.toThrow('waited 20 ms for the turn');
    const next = turns.take();
    turns.release();
    await next;
    turns.release();
  });

  test('[STO59] turns are given in the order of asking', async () => {
    const turns = turnsOf();
    await turns.take();
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async (number) => {
      await turns.take();
      order.push(number);
      turns.release();
    });
    expect(turns.tryTake()).toBe(false);
    turns.release();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
  });

  test('[STO59] a long queue lets the event loop come round', async () => {
    const turns = turnsOf({ maxWaiting: 100 });
    await turns.take();
    let served = 0;
    const waiting = Array.from({ length: 100 }, async () => {
      await turns.take();
      served++;
      turns.release();
    });
    turns.release();
    const servedBefore = await new Promise((resolve) => setImmediate(() => resolve(served)));
    await Promise.all(waiting);
    expect(servedBefore).toBeLessThan(50);
    expect(served).toBe(100);
  });

  test('[STO59] idle is when nobody holds a turn and nobody waits', async () => {
    const turns = turnsOf({ holders: 2 });
    await turns.whenIdle();
    await Promise.all([turns.take(), turns.take()]);
    const third = turns.take();
    let isIdle = false;
    const idle = turns.whenIdle().then(() => {
      isIdle = true;
    });
    turns.release();
    await third;
    turns.release();
    expect(isIdle).toBe(false);
    turns.release();
    await idle;
  });
});
