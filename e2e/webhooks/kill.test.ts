import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { checkBooks, requestProblems } from '../crash/books.ts';
import { countKills, killUnderLoad, nameOf, planKills, settingsOf } from '../crash/kills.ts';
import { randomFrom } from '../crash/random.ts';
import { createKillReport } from '../crash/report.ts';
import { createUpdates } from '../crash/updates.ts';
import { openCrashWorld } from '../crash/world.ts';
import { receiveEvents } from './arrivals.ts';

const ROUNDS = testCounts().webhookKillRounds;
/** Calls that are changed at once. */
const CLIENTS = 8;
/** How often a round reaches a point at least: giving places and planning are shared by many events. */
const POINTS = {
  'places-written': 40,
  'places-committed': 40,
  'webhook-claimed': 40,
  'webhook-before-delivery': 150,
  'webhook-after-delivery': 150,
};
/** Milliseconds of load before a random instant. */
const INSTANTS = [1, 1_500] as const;
/** How long what waits may take to arrive, in milliseconds; on PostgreSQL the lease of the killed process runs out first. */
const ARRIVED_MS = 60_000;
/** What a killed process leaves behind unrecorded: as many attempts as a hook has connections, and what is unwritten. */
const DOUBLES_PER_KILL = 80;

const report = createKillReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[WHK24] [EVT9] kill -9 in ${ROUNDS} rounds under load: every event has its place, and arrives under one id in the order of its call`, {
      timeout: 120_000 + ROUNDS * 120_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const world = await openCrashWorld(engine, { CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true' });
      const { server, location } = world;
      const updates = createUpdates(CLIENTS);
      const arrivals = await receiveEvents(server, location, ['call.updated']);
      const kills = planKills(POINTS, { rounds: ROUNDS, seed, random, instants: INSTANTS });
      try {
        await updates.prepare(server);
        await server.stop();
        await server.start(settingsOf(kills[0]));
        let arrived = { problems: [] as string[], events: 0, doubles: 0 };
        for (const [round, kill] of kills.entries()) {
          await killUnderLoad(server, kill, () => updates.run(server));
          await server.start(settingsOf(kills[round + 1]));
          const hint = `round ${round}, killed at ${nameOf(kill)} ${kill.count}, seed ${seed}`;
          const { problems, records } = await checkBooks(server, location);
          expect([...problems, ...requestProblems(records, updates.acknowledged)], hint).toEqual([]);
          // Every second round begins with what the kill before has left behind.
          if (round % 2 === 0 && round < ROUNDS - 1) continue;
          arrived = await arrivals.settle(ARRIVED_MS);
          expect(arrived.problems, hint).toEqual([]);
        }
        expect(arrived.doubles, `seed ${seed}`).toBeLessThanOrEqual(ROUNDS * DOUBLES_PER_KILL);
        report.note(
          `webhooks killed on ${engine.name}: ${ROUNDS} rounds (${countKills(kills)}), ${arrived.events} events, 0 lost, 0 without a place, ${arrived.doubles} sent twice`,
          seed,
        );
      } finally {
        await world.discard();
        await arrivals.receiver.goDown();
      }
    });
  });
}
