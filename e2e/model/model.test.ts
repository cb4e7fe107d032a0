import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { describe, expect, test } from 'vitest';
import { countsName, testCounts, testSeed } from '../../scripts/test-counts.ts';
import { type Command, printed } from './commands.ts';
import { generate, newCoverage } from './generate.ts';
import { type Disagreement, runHistory } from './history.ts';
import { reportFigure } from './report.ts';
import { shrunk } from './shrink.ts';
import { openWorld } from './world.ts';

const { modelHistories: HISTORIES, modelSteps: STEPS } = testCounts();
/** Histories that share a server; each has people, calls and a call type of its own. */
const PER_WORLD = 25;
const HISTORY_MS = 20_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[MDL1] [MDL2] [MDL3] the server does what the model says, ${STEPS} steps at a time`, {
      timeout: 60_000 + HISTORIES * HISTORY_MS,
    }, async () => {
      const coverage = newCoverage();
      const histories = Array.from({ length: HISTORIES }, (_, at) =>
        generate(testSeed() + at, STEPS, coverage),
      );
      const started = performance.now();
      for (let from = 0; from < histories.length; from += PER_WORLD) {
        await holdAll(histories.slice(from, from + PER_WORLD), from);
      }
      const seconds = Math.round((performance.now() - started) / 1000);
      const { seen, total } = coverage;
      if (countsName() === 'full') expect(seen.size, 'ordered pairs of commands').toBe(total);
      reportFigure(
        `model on ${engine.name}: ${HISTORIES} histories of ${STEPS} steps as the model says, ${seen.size} of ${total} ordered pairs of commands, ${seconds} s (seed ${testSeed()})`,
      );
    });
  });

  async function holdAll(histories: readonly Command[][], from: number): Promise<void> {
    const world = await openWorld(engine);
    try {
      for (const [at, history] of histories.entries()) {
        const failure = await runHistory(world, history);
        if (failure) throw new Error(await explained(history, from + at, failure));
      }
    } finally {
      await world.discard();
    }
  }

  async function explained(history: Command[], number: number, first: Disagreement): Promise<string> {
    const { history: shorter, failure } = await shrunk(engine, history);
    const { lines } = failure ?? first;
    const alone = failure ? '' : ' (not when it runs alone)';
    return `history ${number} of CALLGATE_TEST_SEED=${testSeed()} on ${engine.name}, shortened${alone}:\n${printed(shorter)}\n${lines.join('\n')}`;
  }
}
