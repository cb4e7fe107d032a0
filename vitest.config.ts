import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { freshSeed } from './scripts/test-counts.ts';

// Processes, not threads: better-sqlite3 and child processes with signals belong to a process.
const shared = {
  pool: 'forks',
  allowOnly: false,
  // Generous: on a busy machine of two cores a test of 2 s was seen to take 20. Tests that bound a time say so themselves.
  testTimeout: 60_000,
  hookTimeout: 120_000,
  teardownTimeout: 20_000,
  // Of tests that go on side by side, each with processes of its own.
  maxConcurrency: 4,
  env: { CALLGATE_TEST_SEED: process.env.CALLGATE_TEST_SEED ?? String(freshSeed()) },
} as const;

/**
 * Suites of whole servers that assert what comes of something and not how soon, or that mostly wait (for clients, for servers
 * that start again): two files at a time. Everything else of e2e measures or floods, and stands in `e2e`.
 */
const LANES = [
  'e2e/{clients,crash,cuts,docs,door-model,fuzz,livekit,model,one-machine,races,returns,sfu,visibility,webhooks}/**/*.test.ts',
  'e2e/{docs,seed,seed-events}.test.ts',
  'e2e/play/{comeback,seed-acts}.test.ts',
  'e2e/media/{acts,comeback,door,inputs,rows,sdks,service}.test.ts',
];

/**
 * `unit`: everything that stands beside the sources, files in parallel.
 * `lanes`: whole servers that may have a neighbour.
 * `e2e`: whole servers, races, kills and clocks; one file at a time and after the others, so that what they wait for
 * and measure is not a neighbour's load.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{packages,apps}/*/**/*.test.ts', 'scripts/**/*.test.ts'],
          maxWorkers: Math.max(2, availableParallelism()),
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'lanes',
          include: LANES,
          testTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['e2e/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: LANES,
          testTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
