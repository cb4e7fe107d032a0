import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import type { RunningServer } from '../harness/index.ts';
import { checkAfterKill } from './check.ts';
import { arm, countKills, type Kill, nameOf, planKills, ROUND_MS, settingsOf } from './kills.ts';
import { type Ledger, newLedger, runLoad } from './load.ts';
import { randomFrom } from './random.ts';
import { createKillReport } from './report.ts';
import { prepareSubjects } from './state.ts';
import { openCrashWorld } from './world.ts';

const ROUNDS = testCounts().killRounds;
/** How often a round reaches a point at least before it kills; syncs are shared by many acts. */
const POINTS = {
  sqlite: {
    'before-commit': 400,
    'after-commit': 400,
    'before-fsync': 60,
    'after-fsync': 60,
    'before-reply': 300,
    'places-written': 60,
    'places-committed': 60,
  },
  postgres: {
    'before-commit': 400,
    'after-commit': 400,
    'before-reply': 300,
    'places-written': 60,
    'places-committed': 60,
  },
} as const;
/** Acknowledged acts of a round that is killed at a random instant. */
const INSTANTS = [1, 400] as const;

const everyKind = ({ acknowledged }: Ledger): string[] =>
  [...new Set(acknowledged.map(({ act }) => act.kind))].sort();
const KINDS = [
  ...['ban', 'block', 'deactivate', 'grant', 'join', 'leave', 'mute'],
  ...['reactivate', 'revoke', 'unban', 'unblock', 'update', 'upsert'],
];

/** Runs the load until the server is killed as planned. */
async function runUntilKilled(
  server: RunningServer,
  plan: Kill,
  ledger: Ledger,
  run: { round: number; random: () => number },
): Promise<void> {
  if (plan.point) arm(server);
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    void server.kill();
  }, ROUND_MS);
  const delay = run.random() * 20;
  await runLoad(server, ledger, {
    ...run,
    onAcknowledged(count) {
      if (plan.point === undefined && count === plan.count) setTimeout(() => void server.kill(), delay);
    },
  });
  if (ledger.surprises.length > 0) await server.kill();
  await server.ended();
  clearTimeout(deadline);
  expect(ledger.surprises, 'answers that no act should get').toEqual([]);
  expect(late, `the point ${plan.point} was not reached ${plan.count} times within ${ROUND_MS} ms`).toBe(
    false,
  );
}

const report = createKillReport();
afterAll(() => report.finish());

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[DUR1] kill -9 under load in ${ROUNDS} rounds: what was acknowledged is there once, the rest wholly or not at all`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const { server, location, discard } = await openCrashWorld(engine);
      const inFlight = { done: 0, undone: 0 };
      const ledger = newLedger();
      try {
        await prepareSubjects(server);
        await server.stop();
        const plans = planKills(POINTS[engine.name], { rounds: ROUNDS, seed, random, instants: INSTANTS });
        await server.start(settingsOf(plans[0]));
        for (const [round, plan] of plans.entries()) {
          const before = ledger.acknowledged.length;
          await runUntilKilled(server, plan, ledger, { round, random });
          // The next point waits until it is armed: what is checked here does not count as arrivals.
          await server.start(settingsOf(plans[round + 1]));
          const fresh = ledger.acknowledged.slice(before);
          const checked = await checkAfterKill({ server, location, ledger, fresh, random });
          const hint = `round ${round}, killed at ${nameOf(plan)} ${plan.count}, seed ${seed}`;
          expect(checked.problems, hint).toEqual([]);
          inFlight.done += checked.done;
          inFlight.undone += checked.undone;
        }
        expect(everyKind(ledger)).toEqual(KINDS);
        report.note(
          `kill -9 on ${engine.name}: ${ROUNDS} rounds (${countKills(plans)}), ${ledger.acknowledged.length} acknowledged acts, 0 lost, 0 doubled; in flight ${inFlight.done} found done, ${inFlight.undone} not done`,
          seed,
        );
      } finally {
        await discard();
      }
    });
  });
}
