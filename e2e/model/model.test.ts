import { type TestEngine, testEngines } from '@callgate/server/storage/test-databases.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countsName, testCounts, testSeed } from '../../scripts/test-counts.ts';
import { histories, holdHistory } from './arbitrary-history.ts';
import { COMMAND_NAMES, type Command, printed } from './commands.ts';
import { QUIET } from './expected-rest.ts';
import { type Coverage, newCoverage } from './generate.ts';
import { begin } from './history.ts';
import { reportFigure } from './report.ts';
import { shrunk } from './shrink.ts';
import { type ModelWorld, openWorld } from './world.ts';

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
      const worlds = worldsOf(engine);
      const started = performance.now();
      const holds = fc.asyncProperty(histories(STEPS, coverage), (history) => worlds.hold(history));
      try {
        const details = await fc.check(holds, { seed: testSeed(), numRuns: HISTORIES });
        if (details.failed) throw new Error(await explained(engine, details));
      } finally {
        await worlds.discard();
      }
      const seconds = Math.round((performance.now() - started) / 1000);
      const { seen, total } = coverage;
      if (countsName() === 'full') {
        expect(seen.size, 'ordered pairs of commands').toBe(total);
        expect(withoutEffect(coverage), 'commands that never changed anything').toEqual([]);
      }
      reportFigure(
        `model on ${engine.name}: ${HISTORIES} histories of ${STEPS} steps as the model says, ${seen.size} of ${total} ordered pairs of commands, ${seconds} s (seed ${testSeed()})`,
      );
    });
  });
}

/** Commands that were refused or found nothing to do in every history. */
const withoutEffect = ({ outcomes }: Coverage): string[] =>
  COMMAND_NAMES.filter(
    (name) => !QUIET.has(name) && ![200, 201].some((is) => outcomes.has(`${name} ${is} changed`)),
  );

/** A server for some histories after each other; after a disagreement the next one gets a fresh one. */
function worldsOf(engine: TestEngine) {
  let world: ModelWorld | undefined;
  let used = 0;
  const discard = async () => {
    await world?.discard();
    world = undefined;
    used = 0;
  };
  return {
    discard,
    async hold(history: readonly Command[]): Promise<void> {
      if (used++ === PER_WORLD) await discard();
      world ??= await openWorld(engine);
      const current = world;
      try {
        await holdHistory(() => begin(current), history);
      } catch (error) {
        await discard();
        throw error;
      }
    },
  };
}

/** The shortened history and where it parts, with the seed to repeat it. */
async function explained(engine: TestEngine, details: fc.RunDetails<[Command[]]>): Promise<string> {
  const [history] = details.counterexample ?? [[]];
  const told = details.errorInstance instanceof Error ? details.errorInstance.message : '';
  const { history: shorter, failure } = await shrunk(engine, history);
  const alone = failure ? '' : ' (not when it runs alone)';
  const lines = failure ? failure.lines.join('\n') : told;
  return `history ${details.numRuns} of CALLGATE_TEST_SEED=${testSeed()} on ${engine.name}, shortened${alone}:\n${printed(shorter)}\n${lines}`;
}
