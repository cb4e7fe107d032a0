import { expect, test } from 'vitest';
import { createTurnOfEach } from './turn.ts';

/** Work that ends when it is told to. */
function work(log: string[], name: string) {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    end: () => end(),
    async run() {
      log.push(`${name} begins`);
      await ended;
      log.push(`${name} ends`);
      return name;
    },
  };
}

test('[GAT5] work for one key is done one after the other, for others beside it, whatever fails', async () => {
  const inTurn = createTurnOfEach<string>();
  const log: string[] = [];
  const [one, two, other] = ['one', 'two', 'other'].map((name) => work(log, name));
  if (!one || !two || !other) throw new Error('three pieces of work');
  const failing = inTurn('a', () => Promise.reject(new Error('it fails')));
  const all = [inTurn('a', one.run), inTurn('a', two.run), inTurn('b', other.run)];
  await expect(failing).rejects.toThrow('it fails');
  two.end();
  other.end();
  expect(await all[2]).toBe('other');
  expect(log).toEqual(['other begins', 'one begins', 'other ends']);
  one.end();
  expect(await Promise.all(all)).toEqual(['one', 'two', 'other']);
  expect(log.slice(3)).toEqual(['one ends', 'two begins', 'two ends']);
  const again = work(log, 'again');
  again.end();
  expect(await inTurn('a', again.run)).toBe('again');
});
