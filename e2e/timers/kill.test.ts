import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { checkBooks, requestProblems } from '../crash/books.ts';
import { countKills, killUnderLoad, nameOf, planKills, settingsOf } from '../crash/kills.ts';
import { randomFrom } from '../crash/random.ts';
import { createKillReport } from '../crash/report.ts';
import { createUpdates } from '../crash/updates.ts';
import { type CrashWorld, openCrashWorld } from '../crash/world.ts';
import { receiveEvents } from '../webhooks/arrivals.ts';
import { countLeft, type Due, readDue } from './due.ts';
import { createEndings, LASTING_MS, MISSED_AFTER_MS, TIMERS_PER_ROUND } from './endings.ts';
import { createTurnedClock, type TurnedClock } from './turned-clock.ts';

const ROUNDS = testCounts().timerKillRounds;
/** How late an end may be told, in milliseconds (TIM1). */
const LATE_MS = 1_000;
/** How often a round reaches a point at least. */
const POINTS = {
  'timer-due': TIMERS_PER_ROUND - 10,
  'timer-written': TIMERS_PER_ROUND - 10,
  'timer-committed': TIMERS_PER_ROUND - 10,
  'places-written': 60,
  'places-committed': 60,
};
/** How long before the first end the clock leaps to, in milliseconds. */
const BEFORE_MS = 200;
/** Milliseconds before a random instant: what was set within about a second ends within as long. */
const INSTANTS = [BEFORE_MS, 1_500] as const;
/** Calls that are changed at once while timers are fired. */
const CLIENTS = 4;
const TYPES = ['user.unbanned', 'user.deleted', 'call.rejected', 'call.missed'];

/** Waits until everything that ends up to `time` is told, for 20 s at most; resolves with all that there is. */
async function untilTold({ location }: CrashWorld, clock: TurnedClock, time: number): Promise<Due[]> {
  let all: Due[] = [];
  const look = async (): Promise<void> => {
    if (clock.now() < time) throw new Error('it is not time yet');
    all = await readDue(location);
    // Records are read before events: what is told in between is looked at again.
    const isOpen = ({ dueAt, toldAt, records, wanted }: Due): boolean =>
      dueAt <= time && (toldAt.length === 0 || records < wanted);
    if (all.some(isOpen)) throw new Error('untold');
  };
  await vi.waitFor(look, { timeout: 20_000, interval: 50 }).catch(() => undefined);
  return all;
}

/** Each end is told once and not before its time, within a second of it or of the end of the restart. */
function dueProblems(all: readonly Due[], clock: TurnedClock, time: number): string[] {
  // What became due since is being told just now: the next round asks for it.
  const settled = all.filter(({ dueAt }) => dueAt <= time || dueAt > clock.now());
  return settled.flatMap(({ name, dueAt, toldAt, records, wanted }) => {
    const times = dueAt <= time ? 1 : 0;
    if (toldAt.length !== times || records !== times * wanted)
      return [
        `${name}: ${toldAt.length} events and ${records} records, expected ${times} and ${times * wanted}`,
      ];
    const [at = dueAt] = toldAt;
    if (at < dueAt) return [`${name} was told ${dueAt - at} ms before its time`];
    const late = at - clock.seenAt(dueAt);
    return late > LATE_MS ? [`${name} was told ${late} ms late`] : [];
  });
}

const report = createKillReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[TIM10] [EVT9] kill -9 in ${ROUNDS} rounds while timers are fired: each end is told once, within a second of its time or of the restart`, {
      timeout: 120_000 + ROUNDS * 120_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const kills = planKills(POINTS, { rounds: ROUNDS, seed, random, instants: INSTANTS });
      const world = await openCrashWorld(engine, { CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true' });
      const { server, location } = world;
      const clock = createTurnedClock(LATE_MS);
      const endings = createEndings();
      const updates = createUpdates(CLIENTS);
      const arrivals = await receiveEvents(server, location, TYPES);
      let told = 0;
      let latest = 0;
      try {
        await updates.prepare(server);
        await endings.prepare(server);
        await server.stop();
        await server.start(settingsOf(kills[0]));
        for (const [round, kill] of kills.entries()) {
          const hint = `round ${round}, killed at ${nameOf(kill)} ${kill.count}, seed ${seed}`;
          const began = clock.now();
          await endings.set(server, round);
          const lastEnd = clock.now() + LASTING_MS + MISSED_AFTER_MS;
          await killUnderLoad(server, kill, async () => {
            await clock.leapTo(server, began + LASTING_MS - BEFORE_MS);
            await Promise.all([updates.run(server), endings.setMore(server, round)]);
          });
          const downSince = clock.now();
          await server.start({ ...clock.settings(), ...settingsOf(kills[round + 1]) });
          clock.wasDownSince(downSince);

          const all = await untilTold(world, clock, lastEnd);
          const left = await countLeft(location, lastEnd);
          const { problems, records } = await checkBooks(server, location);
          const acknowledged = [...endings.acknowledged, ...updates.acknowledged];
          expect(
            [...dueProblems(all, clock, lastEnd), ...problems, ...requestProblems(records, acknowledged)],
            hint,
          ).toEqual([]);
          expect(left, `timers that were due are left, ${hint}`).toBe(0);
          const arrived = await arrivals.settle(60_000);
          expect(arrived.problems, hint).toEqual([]);
          told = arrived.events;
          latest = Math.max(latest, ...all.map(({ dueAt, toldAt: [at = 0] }) => at - clock.seenAt(dueAt)));
        }
        report.note(
          `timers killed on ${engine.name}: ${ROUNDS} rounds (${countKills(kills)}), ${told} ends of bans, guests and rings beside ${updates.acknowledged.size} acts, 0 lost, 0 told twice, the latest ${latest} ms after its time or the restart`,
          seed,
        );
      } finally {
        await world.discard();
        await arrivals.receiver.goDown();
      }
    });
  });
}
