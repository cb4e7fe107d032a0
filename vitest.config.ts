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
 * `unit`: everything that stands beside the sources, files in parallel.
 * `e2e`: whole servers, races, kills and clocks; one file at a time and after `unit`, so that what they wait for
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
          name: 'e2e',
          include: ['e2e/**/*.test.ts', 'bench/**/*.test.ts'],
          testTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
