import { expect, test } from 'vitest';
import { createPace } from './pace.ts';

test('[GAT9] a client that floods is read at 100 messages a second after a burst of 400', () => {
  let now = 0;
  const pace = createPace(() => now);
  const pauses = Array.from({ length: 500 }, () => pace.take());
  expect(pauses.slice(0, 400)).toEqual(Array.from({ length: 400 }, () => 0));
  expect(pauses.at(-1)).toBe(1_000);
  now = 1_000;
  expect(pace.take()).toBe(10);
  now = 60_000;
  expect(Array.from({ length: 400 }, () => pace.take()).every((pause) => pause === 0)).toBe(true);
});
