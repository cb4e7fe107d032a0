import { expect, test } from 'vitest';
import { parseOptions } from './options.ts';

test('unknown counts and a missing file are refused', () => {
  expect(() => parseOptions(['--counts', 'many'])).toThrow('--counts takes "ci" or "full", not "many"');
  expect(() => parseOptions(['--counts'])).toThrow(/not ""/);
  expect(() => parseOptions(['--record'])).toThrow(/takes a file/);
});

test('what is not ours goes to vitest in its order', () => {
  expect(
    parseOptions(['e2e', '--require-all', '-t', '[BAN1]', '--counts', 'full', '--record', 'a.md']),
  ).toEqual({
    requireAll: true,
    counts: 'full',
    record: 'a.md',
    rest: ['e2e', '-t', '[BAN1]'],
  });
});

test('nothing asked: parts may be missing, and nothing is recorded', () => {
  expect(parseOptions([])).toEqual({ requireAll: false, counts: undefined, record: undefined, rest: [] });
});
