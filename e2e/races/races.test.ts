import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { randomOf } from '../model/generate.ts';
import { reportFigure } from '../model/report.ts';
import { openWorld } from '../model/world.ts';
import { RACES } from './kinds.ts';
import { type Race, runRace } from './race.ts';

const { races: COUNT } = testCounts();
/** Races that share a server. */
const PER_WORLD = 100;
const RACE_MS = 5_000;

for (const engine of testEngines) {
  describe(engine.name, () => {
    test('[MDL5] [MOD5] [MOD6] [GRT11] acts at the same time come to what one order of them comes to', {
      timeout: 60_000 + COUNT * RACE_MS,
    }, async () => {
      const random = randomOf(testSeed());
      for (let from = 0; from < COUNT; from += PER_WORLD) {
        const races = Array.from({ length: Math.min(PER_WORLD, COUNT - from) }, (_, at) =>
          turned(RACES[(from + at) % RACES.length] as Race, random() < 0.5),
        );
        await holdAll(races);
      }
      reportFigure(
        `races on ${engine.name}: ${COUNT} of ${RACES.length} kinds, each came to what an order comes to (seed ${testSeed()})`,
      );
    });
  });

  async function holdAll(races: readonly Race[]): Promise<void> {
    const world = await openWorld(engine);
    try {
      for (const race of races) {
        const lines = await runRace(world, race);
        expect(lines, `${race.name} on ${engine.name}: ${JSON.stringify(race.at)}`).toEqual([]);
      }
    } finally {
      await world.discard();
    }
  }
}

/** The race with the other request sent first. */
const turned = (race: Race, isTurned: boolean): Race =>
  isTurned ? { ...race, at: [race.at[1], race.at[0]] } : race;
