/**
 * How much each random suite does: the one file of these numbers. `ci` runs on every change, `full` is what the
 * reference run of docs/reference holds (`npm run test:full`). A suite takes its number from `testCounts()` and
 * never writes one of its own.
 */
export interface TestCounts {
  /** Histories of the model-based test, on each engine. */
  readonly modelHistories: number;
  /** Commands of one history, at least. */
  readonly modelSteps: number;
  /** Rounds of kill -9 under load, on each engine. */
  readonly killRounds: number;
  /** Rounds of kill -9 while tasks run, on each engine. */
  readonly taskKillRounds: number;
  /** Users of the bulk work whose speed is measured, on each engine. */
  readonly bulkUsers: number;
  /** Rounds of kill -9 while webhooks are sent, on each engine. */
  readonly webhookKillRounds: number;
  /** Rounds of kill -9 while timers are fired, on each engine. */
  readonly timerKillRounds: number;
  /** Rounds of cut event sockets, on each engine. */
  readonly cutRounds: number;
  /** Histories of who hears what, on each engine. */
  readonly visibilityHistories: number;
  /** Races of conflicting acts, on each engine. */
  readonly races: number;
  /** Requests of the fuzz test, on each engine, shared out evenly over the routes. */
  readonly fuzzRequests: number;
  /** Histories of a hostile client's declarations and offers against a model of LiveKit's matching. */
  readonly gatewayHistories: number;
  /** Messages of one such history, at most. */
  readonly gatewaySteps: number;
  /** Random frames and descriptions, of each sort, for the gateway's readers. */
  readonly gatewayFrames: number;
  /** Random inputs for each reader of the embedded media server: descriptions, packets, requests. */
  readonly sfuFrames: number;
  /** Malformed messages of a client by hand, through the door to the media server. */
  readonly hostileFrames: number;
  /** Malformed join requests of a client by hand, through the door. */
  readonly hostileKnocks: number;
  /** Attempts to return after an act, on each engine. */
  readonly returns: number;
  /** Faults that are planted, at most; of those that need media one, unless all are. */
  readonly plantedFaults: number;
  /** Searches of the door's model up to this size: 1 takes seconds each, 2 minutes. */
  readonly doorModelSize: number;
  /** Random inputs of one property of a pure function. */
  readonly properties: number;
}

export type CountsName = 'ci' | 'full';

export const TEST_COUNTS: Readonly<Record<CountsName, TestCounts>> = {
  ci: {
    modelHistories: 30,
    modelSteps: 40,
    killRounds: 6,
    taskKillRounds: 3,
    bulkUsers: 10_000,
    webhookKillRounds: 3,
    timerKillRounds: 3,
    cutRounds: 12,
    visibilityHistories: 10,
    races: 100,
    fuzzRequests: 3_000,
    gatewayHistories: 2_000,
    gatewaySteps: 14,
    gatewayFrames: 3_000,
    sfuFrames: 3_000,
    hostileFrames: 2_000,
    hostileKnocks: 200,
    returns: 300,
    plantedFaults: 4,
    doorModelSize: 1,
    properties: 200,
  },
  full: {
    modelHistories: 500,
    modelSteps: 40,
    killRounds: 50,
    taskKillRounds: 25,
    bulkUsers: 100_000,
    webhookKillRounds: 25,
    timerKillRounds: 25,
    cutRounds: 200,
    visibilityHistories: 200,
    races: 1_000,
    fuzzRequests: 30_000,
    gatewayHistories: 100_000,
    gatewaySteps: 14,
    gatewayFrames: 100_000,
    sfuFrames: 1_000_000,
    hostileFrames: 50_000,
    hostileKnocks: 5_000,
    returns: 5_000,
    plantedFaults: 1_000,
    doorModelSize: 2,
    properties: 2_000,
  },
};

/** The name in `CALLGATE_TEST_COUNTS` (default `ci`). Throws when it is neither `ci` nor `full`. */
export function countsName(environment: NodeJS.ProcessEnv = process.env): CountsName {
  const name = environment.CALLGATE_TEST_COUNTS ?? 'ci';
  if (name === 'ci' || name === 'full') return name;
  throw new Error(`CALLGATE_TEST_COUNTS is "${name}"; it must be "ci" or "full"`);
}

/** The counts of this run. */
export const testCounts = (): TestCounts => TEST_COUNTS[countsName()];

/**
 * The seed of every random choice of this run: `CALLGATE_TEST_SEED`, which `scripts/test.ts` and
 * `vitest.config.ts` set to a fresh number when nobody gave one. A random test prints it in its failure, so that
 * `CALLGATE_TEST_SEED=<seed> npx vitest run <file>` repeats it. Between 0 and 2^31 - 1; throws on anything else.
 */
export function testSeed(environment: NodeJS.ProcessEnv = process.env): number {
  const text = environment.CALLGATE_TEST_SEED ?? '1';
  const seed = Number(text);
  if (/^\d+$/.test(text) && seed <= MAX_SEED) return seed;
  throw new Error(`CALLGATE_TEST_SEED is "${text}"; it must be a whole number from 0 to ${MAX_SEED}`);
}

const MAX_SEED = 2 ** 31 - 1;

/** A seed for a new run. */
export const freshSeed = (): number => Math.floor(Math.random() * MAX_SEED);
