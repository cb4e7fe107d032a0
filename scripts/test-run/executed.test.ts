import { expect, test } from 'vitest';
import { complaints, executed, NOTHING_EXECUTED } from './executed.ts';

const ran = (ancestorTitles: string[], title: string, status = 'passed') => ({
  ancestorTitles,
  title,
  status,
});
const report = (...assertionResults: ReturnType<typeof ran>[]) => ({
  testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults }],
});

test('a run that executed nothing is complained of', () => {
  expect(complaints(NOTHING_EXECUTED)).toEqual(['no test passed']);
});

test('a skipped, a pending and a todo test are complained of, and count on no engine', () => {
  const result = executed(
    report(ran([], 'ok'), ran(['sqlite'], 'a', 'skipped'), ran([], 'b', 'todo'), ran([], 'c', 'pending')),
  );
  expect(result).toMatchObject({ passed: 1, failed: 0, skipped: ['sqlite > a', 'b', 'c'], unequal: [] });
  expect(result.perEngine).toEqual({ sqlite: 0, postgres: 0 });
  expect(complaints(result)).toEqual(['skipped:\n  sqlite > a\n  b\n  c']);
});

test('a test that ran on one engine alone is named, even when the numbers are equal', () => {
  const result = executed(report(ran(['calls', 'sqlite'], 'a'), ran(['calls', 'postgres'], 'b')));
  expect(result.perEngine).toEqual({ sqlite: 1, postgres: 1 });
  expect(result.unequal).toEqual([
    'sqlite only: calls > <engine> > a',
    'postgres only: calls > <engine> > b',
  ]);
  expect(complaints(result)).toHaveLength(1);
});

test('a test that ran twice on one engine and once on the other is named', () => {
  const result = executed(report(ran(['sqlite'], 'a'), ran(['sqlite'], 'a'), ran(['postgres'], 'a')));
  expect(result.unequal).toEqual(['sqlite only: <engine> > a']);
});

test('a file that could not be loaded is one failure; failed tests are counted by themselves', () => {
  const unloadable = { name: 'b.test.ts', status: 'failed', assertionResults: [] };
  const result = executed({
    testResults: [unloadable, ...report(ran(['sqlite'], 'a', 'failed')).testResults],
  });
  expect(result).toMatchObject({ passed: 0, failed: 2 });
});

test('the same tests on both engines are fine, also when they are of two files', () => {
  const files = ['sqlite', 'postgres'].flatMap(
    (engine) => report(ran([engine, 'commit'], 'shows')).testResults,
  );
  const result = executed({ testResults: files });
  expect(result).toMatchObject({ passed: 2, failed: 0, perEngine: { sqlite: 1, postgres: 1 } });
  expect(complaints(result)).toEqual([]);
});
