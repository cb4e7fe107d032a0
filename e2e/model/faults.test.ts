import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { countsName, testCounts, testSeed } from '../../scripts/test-counts.ts';
import { printed } from './commands.ts';
import { FAULTS, type Fault } from './faults.ts';
import { generate, newCoverage } from './generate.ts';
import { runHistory } from './history.ts';
import { reportFigure } from './report.ts';
import { runAlone } from './shrink.ts';
import { openWorld } from './world.ts';

/** A fault must be seen by the model test as it is run: within so many random histories. */
const RANDOM_HISTORIES = testCounts().modelHistories;
/** Each history makes a call type, and a world takes 200: the 197th would fail without any fault. */
const IN_ONE_WORLD = 100;
const HISTORY_MS = 20_000;

test('[MDL4] there are at least 15 faults, each with a name of its own', () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
  expect(FAULTS.length).toBeGreaterThanOrEqual(15);
});

for (const engine of testEngines) {
  describe(engine.name, () => {
    test('[MDL4] without a fault the histories that show them pass', async () => {
      const world = await openWorld(engine);
      try {
        for (const { name, shownBy } of FAULTS)
          expect(await runHistory(world, shownBy), name).toBeUndefined();
      } finally {
        await world.discard();
      }
    });

    for (const fault of FAULTS) {
      test(`[MDL4] a short history shows: ${fault.name}`, async () => {
        const failure = await runAlone(engine, fault.shownBy, fault);
        expect(failure, `nobody noticed:\n${printed(fault.shownBy)}`).toBeDefined();
        expect(failure?.lines.join('\n'), 'it does wrong, it does not break').not.toContain('"500/');
      });
    }

    if (countsName() !== 'full') return;
    const needed = new Map<string, number>();
    for (const fault of FAULTS) {
      test(`[MDL4] ${RANDOM_HISTORIES} random histories show: ${fault.name}`, {
        timeout: RANDOM_HISTORIES * HISTORY_MS,
      }, async () => {
        const at = await historiesUntilSeen(fault);
        expect(at, 'seen by a history of the model test').toBeLessThanOrEqual(RANDOM_HISTORIES);
        needed.set(fault.name, at);
      });
    }
    afterAll(() => {
      const [last, most] = [...needed].toSorted(([, a], [, b]) => a - b).at(-1) ?? ['none', 0];
      reportFigure(
        `faults on ${engine.name}: ${needed.size} of ${FAULTS.length} planted were seen by random histories, the last by history ${most}: ${last} (seed ${testSeed()})`,
      );
    });
  });

  async function historiesUntilSeen(fault: Fault): Promise<number> {
    const coverage = newCoverage();
    for (let at = 0; at < RANDOM_HISTORIES; at += IN_ONE_WORLD) {
      const world = await openWorld(engine, fault);
      try {
        for (let next = at + 1; next <= at + IN_ONE_WORLD; next++) {
          const history = generate(testSeed() + next, testCounts().modelSteps, coverage);
          // A fault may also get in the way of the next history's beginning; that is seen as well.
          const failure = await runHistory(world, history).catch((error: unknown) => error);
          if (failure) return next;
        }
      } finally {
        await world.discard();
      }
    }
    return Number.POSITIVE_INFINITY;
  }
}
