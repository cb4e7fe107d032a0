import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

test('[GAT9] a client that floods is read at 100 messages a second after a burst of 400', () => {
  let now = 0;
  const pace = createPace(() => now);
  const pauses = Array.from({ length: 500 }, () => pace.take(100));
  expect(pauses.slice(0, 400)).toEqual(Array.from({ length: 400 }, () => 0));
  expect(pauses.at(-1)).toBe(1_000);
  now = 1_000;
  expect(pace.take(100)).toBe(10);
  now = 60_000;
  expect(Array.from({ length: 400 }, () => pace.take(100)).every((pause) => pause === 0)).toBe(true);
});

test('[GAT9] a long message counts as one more for each 16 KB', () => {
  const pace = createPace(() => 0);
  const long = 400 * 1024;
  const pauses = Array.from({ length: 16 }, () => pace.take(long));
  expect(pauses).toEqual([...Array.from({ length: 15 }, () => 0), 160]);
});
