import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../../scripts/test-counts.ts';
import {
  attemptTime,
  FIRST_ATTEMPTS_MS,
  GIVE_UP_MS,
  type Outcome,
  type Standing,
  type Step,
  stepAfter,
} from './schedule.ts';

const NOW = 1_000_000;
const answered = (status: number): Outcome => ({ kind: 'answered', status, body: '' });
const network: Outcome = { kind: 'network', error: 'ECONNREFUSED' };
const timeout: Outcome = { kind: 'timeout', error: 'no answer' };

/** The steps of a delivery whose attempts all end alike after `tookMs`, up to the first that is not a retry. */
function firstAttempts(outcome: Outcome, tookMs: number): { steps: Step[]; lastEnd: number } {
  const steps: Step[] = [];
  let standing: Standing = { state: 'pending', tries: 0, startedAt: NOW };
  let now = NOW;
  for (;;) {
    now += Math.min(tookMs, attemptTime({ isSlow: false, startedAt: NOW }, now));
    const step = stepAfter(standing, outcome, now, 0.5);
    steps.push(step);
    if (step.state !== 'retrying') return { steps, lastEnd: now };
    standing = { state: 'retrying', tries: step.tries, startedAt: NOW };
    now = step.nextAt;
  }
}

test.each([300, 301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 422, 499, 199])(
  '[WHK16] %d is final',
  (status) => {
    const standing: Standing = { state: 'pending', tries: 0, startedAt: NOW };
    expect(stepAfter(standing, answered(status), NOW, 0)).toEqual({ state: 'dead' });
    expect(stepAfter({ ...standing, state: 'slow' }, answered(status), NOW, 0)).toEqual({ state: 'dead' });
  },
);

test.each([
  ['408', answered(408), 3],
  ['429', answered(429), 3],
  ['500', answered(500), 3],
  ['503', answered(503), 3],
  ['599', answered(599), 3],
  ['no connection', network, 2],
  ['no answer in time', timeout, 3],
] as const)('[WHK15] %s is tried %d times, then it is slow', (_name, outcome, attempts) => {
  const { steps } = firstAttempts(outcome, 10);
  expect(steps).toHaveLength(attempts);
  expect(steps.at(-1)?.state).toBe('slow');
  const waits = steps.map((step) => ('nextAt' in step && step.state === 'retrying' ? step.nextAt : 0));
  expect(waits[0]).toBe(NOW + 10 + 500);
  if (attempts === 3) expect(waits[1]).toBe(NOW + 10 + 500 + 10 + 1_000);
});

test('[WHK15] three attempts that time out end within 15 s: the third has what is left', () => {
  const { steps, lastEnd } = firstAttempts(timeout, 6_000);
  expect(steps).toHaveLength(3);
  expect(lastEnd).toBe(NOW + FIRST_ATTEMPTS_MS);
});

test('[WHK15] whatever attempts take, none of the first ones ends later than 15 s after the first began', () => {
  const outcome = fc.constantFrom(answered(500), answered(429), network, timeout);
  fc.assert(
    fc.property(outcome, fc.integer({ min: 0, max: 60_000 }), (what, tookMs) => {
      const { steps, lastEnd } = firstAttempts(what, tookMs);
      return steps.length <= 3 && lastEnd <= NOW + FIRST_ATTEMPTS_MS;
    }),
    { seed: testSeed(), numRuns: testCounts().properties },
  );
});

test('[WHK17] slow attempts wait from half a minute up to an hour, spread, until 24 hours are over', () => {
  const random = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(random, (spread) => {
      const waits: number[] = [];
      let now = NOW;
      let step = stepAfter({ state: 'retrying', tries: 2, startedAt: NOW }, answered(500), now, spread);
      while (step.state === 'slow') {
        waits.push(step.nextAt - now);
        now = step.nextAt;
        step = stepAfter({ state: 'slow', tries: step.tries, startedAt: NOW }, answered(500), now, spread);
      }
      expect(step).toEqual({ state: 'dead' });
      expect(now).toBe(NOW + GIVE_UP_MS);
      waits.slice(0, -1).forEach((wait, at) => {
        const longest = Math.min(3_600_000, 30_000 * 2 ** at);
        expect(wait).toBeGreaterThanOrEqual(longest / 2);
        expect(wait).toBeLessThanOrEqual(longest);
      });
    }),
    { seed: testSeed(), numRuns: 50 },
  );
});
