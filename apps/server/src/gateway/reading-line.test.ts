import { describe, expect, test } from 'vitest';
import { createReadingLine, FREE_BYTES, TURN_BYTES, TURN_EVERY_MS } from './reading-line.ts';

/** A line with a clock that is put forward by hand; `busy`: timers fire that much later. */
function line() {
  let time = 0;
  let busy = 0;
  const due: { at: number; work: () => void }[] = [];
  const made = createReadingLine(
    () => time,
    (ms, work) => void due.push({ at: time + ms, work }),
  );
  return {
    ...{ join: made.join, size: () => made.size },
    busy: (ms: number) => {
      busy = ms;
    },
    pass(ms: number) {
      const until = time + ms;
      for (;;) {
        const first = due.toSorted((a, b) => a.at - b.at)[0];
        if (!first || first.at + busy > until) break;
        due.splice(due.indexOf(first), 1);
        time = Math.max(time, first.at + busy);
        first.work();
      }
      time = until;
    },
  };
}

describe('the line of those who send much', () => {
  test('[GAT14] who sends a little never stands in it', () => {
    const { join, pass, size } = line();
    const reading = join('a', () => undefined);
    for (let seconds = 0; seconds < 100; seconds++) {
      expect(reading.take(16 * 1024)).toBe(true);
      pass(1000);
    }
    expect(size()).toBe(0);
  });

  test('[GAT14] who sends much is read in turns, one every 40 ms, addresses one after the other', () => {
    const { join, pass, size } = line();
    const told: string[] = [];
    for (const [name, address] of Object.entries({ one: 'a', two: 'a', three: 'a', four: 'b' })) {
      const reading = join(address, () => told.push(name));
      expect(reading.take(FREE_BYTES)).toBe(false);
    }
    expect([told, size()]).toEqual([[], 4]);
    pass(0);
    expect(told).toEqual(['one']);
    pass(TURN_EVERY_MS - 1);
    expect(told).toEqual(['one']);
    pass(1);
    expect(told).toEqual(['one', 'four']);
    pass(10 * TURN_EVERY_MS);
    expect([told, size()]).toEqual([['one', 'four', 'two', 'three'], 0]);
  });

  test('[GAT14] a turn is as long as the longest description, and then it waits again', () => {
    const { join, pass } = line();
    let turns = 0;
    const reading = join('a', () => turns++);
    expect(reading.take(FREE_BYTES + 1)).toBe(false);
    expect(reading.take(1)).toBe(false);
    pass(0);
    expect(turns).toBe(1);
    expect(reading.take(TURN_BYTES - 1)).toBe(true);
    expect(reading.take(1)).toBe(false);
    pass(TURN_EVERY_MS);
    expect(turns).toBe(2);
  });

  test('[GAT14] who has gone holds up nobody', () => {
    const { join, pass, size } = line();
    const told: string[] = [];
    const gone = join('a', () => told.push('gone'));
    gone.take(FREE_BYTES);
    join('b', () => told.push('there')).take(FREE_BYTES);
    gone.leave();
    gone.leave();
    pass(0);
    expect([told, size()]).toEqual([['there'], 0]);
  });

  test('[GAT14] while the process is busy nothing long is read, and whoever waits comes on', () => {
    const { join, pass, busy } = line();
    const at: number[] = [];
    const told = (): void => void at.push(1);
    for (let clients = 0; clients < 10; clients++) join('a', told).take(FREE_BYTES);
    busy(100);
    pass(2_000);
    expect(at.length).toBeGreaterThan(2);
    expect(at.length).toBeLessThan(6);
  });
});
