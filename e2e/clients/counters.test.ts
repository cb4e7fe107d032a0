import { expect, test } from 'vitest';
import { type Counter, rising, silent } from './counters.ts';

/** Rises by `step` each time it is read. */
function counter(step: number): Counter {
  let figure = 0;
  return async () => {
    figure += step;
    return figure;
  };
}

test('a counter that stands still does not rise', async () => {
  await expect(rising(async () => 7, { by: 1, withinMs: 100 })).rejects.toThrow(
    'a counter at 7 that should rise by 1: not within 100 ms; it stands at 7',
  );
});

test('a counter that rises is waited for', async () => {
  expect(await rising(counter(5), { by: 20 })).toBeGreaterThanOrEqual(25);
});

test('a trickle is no silence', async () => {
  await expect(silent(counter(1), counter(20), { strays: 3 })).rejects.toThrow(
    'not silent: 4 packets arrived, 1 while 50 were sent',
  );
});

test('what was on its way may arrive before the silence', async () => {
  const late = [3, 5, 6];
  await silent(async () => late.shift() ?? 6, counter(20), { strays: 3 });
  await expect(silent(counter(40), counter(20))).rejects.toThrow('not silent: 40 packets arrived');
});

test('silence is not proven by a sender that sends nothing', async () => {
  await expect(
    silent(
      async () => 3,
      async () => 9,
      { withinMs: 100 },
    ),
  ).rejects.toThrow('it stands at 9');
});

test('a receiver that stays while the sender sends is silent', async () => {
  await silent(async () => 3, counter(20));
});
