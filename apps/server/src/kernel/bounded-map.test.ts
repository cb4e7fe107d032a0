import { expect, test } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

test('what was set is found, by the whole text', () => {
  const known = new BoundedMap<number>({ entries: 10, characters: 100 });
  known.set('ab', 1);
  known.set('ac', 2);
  expect([known.get('ab'), known.get('ac'), known.get('a')]).toEqual([1, 2, undefined]);
});

test('no more entries are held than the limit says', () => {
  const known = new BoundedMap<number>({ entries: 3, characters: 1_000 });
  for (let at = 0; at < 100; at++) {
    known.set(`text-${at}`, at);
    expect(known.get(`text-${at}`)).toBe(at);
    expect(known.size).toBeLessThanOrEqual(3);
  }
});

test('no more characters are held than the limit says', () => {
  const known = new BoundedMap<number>({ entries: 1_000, characters: 25 });
  for (let at = 0; at < 10; at++) {
    known.set(`ten chars${at}`, at);
    expect(known.size).toBeLessThanOrEqual(2);
  }
  known.set('x'.repeat(26), 1);
  expect(known.get('x'.repeat(26))).toBe(undefined);
});

test('half of a surrogate pair answers for no other text', () => {
  const known = new BoundedMap<number>({ entries: 10, characters: 100 });
  known.set('\ud800', 1);
  expect(known.get('\ufffd')).toBe(undefined);
});
