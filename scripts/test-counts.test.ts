import { expect, test } from 'vitest';
import { countsName, freshSeed, TEST_COUNTS, testSeed } from './test-counts.ts';

test('an unknown name of counts is refused', () => {
  expect(() => countsName({ CALLGATE_TEST_COUNTS: 'many' })).toThrow(/"ci" or "full"/);
});

test('a seed that is no whole number in range is refused', () => {
  for (const seed of ['', '-1', '1.5', 'x', '2147483648', '1e3']) {
    expect(() => testSeed({ CALLGATE_TEST_SEED: seed })).toThrow(/whole number/);
  }
});

test('without a word the counts are those of ci, and the seed is fixed', () => {
  expect(countsName({})).toBe('ci');
  expect(testSeed({})).toBe(1);
});

test('a given seed and a fresh seed are accepted', () => {
  expect(testSeed({ CALLGATE_TEST_SEED: '2147483647' })).toBe(2147483647);
  for (let round = 0; round < 100; round++) {
    const seed = freshSeed();
    expect(testSeed({ CALLGATE_TEST_SEED: String(seed) })).toBe(seed);
  }
});

test('the full run does at least what the foundation promises, and never less than ci', () => {
  expect(TEST_COUNTS.full).toMatchObject({ modelHistories: 500, killRounds: 50, races: 1_000 });
  expect(TEST_COUNTS.ci.modelSteps).toBeGreaterThanOrEqual(40);
  for (const [name, ci] of Object.entries(TEST_COUNTS.ci)) {
    expect(Object.entries(TEST_COUNTS.full)).toContainEqual([name, expect.any(Number)]);
    expect(ci).toBeLessThanOrEqual(Object.entries(TEST_COUNTS.full).find(([key]) => key === name)?.[1] ?? 0);
  }
});
