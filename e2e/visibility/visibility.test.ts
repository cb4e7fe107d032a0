import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { countsName, testCounts, testSeed } from '../../scripts/test-counts.ts';
import { createEventsReport } from '../events-page.ts';
import { openSocketWorld, type SocketWorld } from '../sockets/socket-world.ts';
import { ACT_NAMES } from './acts.ts';
import { runHistory, seedOf, type Tally } from './history.ts';
import { prepareServer } from './scene.ts';

const HISTORIES = testCounts().visibilityHistories;
/** Histories that share a server; each has people, calls and call types of its own. */
const PER_WORLD = 10;

const report = createEventsReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[SOC31] nobody hears what they may not see, in ${HISTORIES} histories`, {
      timeout: 60_000 + HISTORIES * 20_000,
    }, async () => {
      const seed = testSeed();
      const tally: Tally = {
        ...{ acts: 0, events: 0, heard: 0, demanded: 0, readAgain: 0, ended: 0 },
        effective: new Set(),
      };
      let world: SocketWorld | undefined;
      try {
        for (let index = 0; index < HISTORIES; index++) {
          if (index % PER_WORLD === 0) {
            await world?.discard();
            world = await openSocketWorld(engine);
            await prepareServer(world);
          }
          const own = seedOf(seed, index);
          const wrong = world ? await runHistory(world, { seed: own, number: index, tally }) : [];
          expect(wrong, `history ${index}; repeat it alone with CALLGATE_TEST_SEED=${own}`).toEqual([]);
        }
      } finally {
        await world?.discard();
      }
      if (countsName() === 'full') {
        expect(ACT_NAMES.filter((name) => !tally.effective.has(name))).toEqual([]);
      }
      const { acts, events, heard, demanded, readAgain, ended } = tally;
      report.note(
        `visibility on ${engine.name}: ${HISTORIES} histories (${acts} acts, ${events} events, ${ended} watches ended), heard ${heard} times, ${demanded} of them demanded, ${readAgain} by people who could read again, 0 that they may not see`,
        seed,
      );
    });
  });
}
