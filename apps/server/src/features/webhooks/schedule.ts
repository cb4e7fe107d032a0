/*
 * When a delivery is tried, and when it is given up:
 *
 *   pending --attempt--> delivered | dead | retrying | slow
 *   retrying (its lane waits) --attempt--> delivered | dead | retrying | slow
 *   slow (its lane goes on) --attempt--> delivered | dead | slow
 *   dead, delivered, slow --replay--> slow, due at once, with 24 hours of its own
 */

/** One attempt may take so long, in milliseconds. */
export const ATTEMPT_MS = 6_000;
/** The first attempts all happen within this time, in milliseconds. */
export const FIRST_ATTEMPTS_MS = 15_000;
/** Waits between the first attempts, in milliseconds. */
const FIRST_WAITS_MS = [500, 1_000];
/** How many first attempts there are, by what went wrong last. */
const FIRST_ATTEMPTS = { status: 3, network: 2, timeout: 3 } as const;
/** Afterwards the wait doubles from the first to the longest, in milliseconds. */
const SLOW_FIRST_MS = 30_000;
const SLOW_LONGEST_MS = 60 * 60_000;
/** A delivery is given up so long after its first attempt, in milliseconds. */
export const GIVE_UP_MS = 24 * 60 * 60_000;

/** What came of one attempt. */
export type Outcome =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'timeout'; error: string }
  | { kind: 'network'; error: string }
  /** There is nothing to send: the event is gone. */
  | { kind: 'nothing'; error: string };

/** Where a delivery stands in its schedule. Times in ms. */
export interface Standing {
  state: 'pending' | 'retrying' | 'slow';
  /** Attempts of this state's schedule: the first ones, or the slow ones. */
  tries: number;
  /** The first attempt; null before it. */
  startedAt: number | null;
}

/** What follows an attempt. `nextAt` in ms. */
export type Step =
  | { state: 'delivered' | 'dead' }
  | { state: 'retrying' | 'slow'; tries: number; nextAt: number };

/** How long an attempt that begins now may take, in ms: all the first ones end within 15 s. */
export function attemptTime(
  { isSlow, startedAt }: { isSlow: boolean; startedAt: number | null },
  now: number,
): number {
  if (isSlow || startedAt === null) return ATTEMPT_MS;
  return Math.max(1, Math.min(ATTEMPT_MS, startedAt + FIRST_ATTEMPTS_MS - now));
}

const isDelivered = (outcome: Outcome): boolean =>
  outcome.kind === 'answered' && outcome.status >= 200 && outcome.status < 300;

/** Why an outcome is worth another attempt; undefined: it is final. */
function retryKind(outcome: Outcome): keyof typeof FIRST_ATTEMPTS | undefined {
  if (outcome.kind === 'nothing') return undefined;
  if (outcome.kind !== 'answered') return outcome.kind;
  const { status } = outcome;
  return status === 408 || status === 429 || status >= 500 ? 'status' : undefined;
}

/**
 * What follows an attempt that ended at `now`: the documented attempts while their number and their 15 s last, then
 * the slow lane. `random` (0 up to 1) spreads the slow attempts over the second half of their wait.
 */
export function stepAfter(standing: Standing, outcome: Outcome, now: number, random: number): Step {
  if (isDelivered(outcome)) return { state: 'delivered' };
  const kind = retryKind(outcome);
  if (kind === undefined) return { state: 'dead' };
  const startedAt = standing.startedAt ?? now;
  const tries = standing.tries + 1;
  if (standing.state === 'slow') return slowStep(tries, startedAt, now, random);
  const nextAt = now + (FIRST_WAITS_MS[tries - 1] ?? FIRST_ATTEMPTS_MS);
  const mayRetry = tries < FIRST_ATTEMPTS[kind] && nextAt < startedAt + FIRST_ATTEMPTS_MS;
  return mayRetry ? { state: 'retrying', tries, nextAt } : slowStep(0, startedAt, now, random);
}

function slowStep(tries: number, startedAt: number, now: number, random: number): Step {
  const end = startedAt + GIVE_UP_MS;
  if (now >= end) return { state: 'dead' };
  const wait = Math.min(SLOW_LONGEST_MS, SLOW_FIRST_MS * 2 ** Math.min(tries, 20));
  return { state: 'slow', tries, nextAt: Math.min(end, Math.round(now + (wait / 2) * (1 + random))) };
}
