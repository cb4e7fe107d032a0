import { expect, test } from 'vitest';
import { newId } from './id.ts';

const NOW = Date.UTC(2026, 10, 22);
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('ids are of UUID version 7, distinct, and sort by time and by call', () => {
  const ids = [0, 0, 0, 1, 2].flatMap((ms) => Array.from({ length: 5_000 }, () => newId(NOW + ms)));
  for (const id of ids) expect(id).toMatch(FORM);
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
});

test('a clock that goes back yields ids all the same', () => {
  expect(newId(NOW) < newId(NOW - 1)).toBe(false);
  expect(newId(NOW)).toMatch(FORM);
});
