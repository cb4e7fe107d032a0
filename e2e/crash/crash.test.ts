import { join } from 'node:path';
import { SQLITE_FILE } from '@callgate/server/storage/data-folder.ts';
import type { Location } from '@callgate/server/storage/reader.ts';
import { type TestEngine, testEngines } from '@callgate/server/storage/test-databases.ts';
import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { type RunningServer, startServer } from '../harness/index.ts';
import { writeReport } from '../report-page.ts';
import { checkAfterKill } from './check.ts';
import { type Ledger, newLedger, runLoad } from './load.ts';
import { between, randomFrom } from './random.ts';
import { prepareSubjects } from './state.ts';

const ROUNDS = testCounts().killRounds;
const ENTRY = join(import.meta.dirname, 'entry.ts');
/** How often a round reaches a point at least before it kills; syncs are shared by many acts. */
const POINTS = {
  sqlite: {
    'before-commit': 400,
    'after-commit': 400,
    'before-fsync': 60,
    'after-fsync': 60,
    'before-reply': 300,
  },
  postgres: { 'before-commit': 400, 'after-commit': 400, 'before-reply': 300 },
} as const;
/** A round that has not ended by then, in milliseconds, has missed its point. */
const ROUND_MS = 60_000;

/** A failpoint with the arrival that kills, or undefined: a random instant, after that many acknowledged acts. */
interface Plan {
  point: string | undefined;
  count: number;
}

function planOf(engine: TestEngine['name'], round: number, seed: number, random: () => number): Plan {
  if (round % 2 === 1) return { point: undefined, count: between(random, 1, 400) };
  const points = Object.entries(POINTS[engine]);
  const [point, most] = points[(round / 2 + seed) % points.length] ?? ['before-commit', 400];
  return { point, count: between(random, 1, most) };
}

const settingsOf = (plan: Plan | undefined): Record<string, string> =>
  plan?.point ? { CRASH_POINT: plan.point, CRASH_ARRIVAL: String(plan.count) } : {};

const everyKind = ({ acknowledged }: Ledger): string[] =>
  [...new Set(acknowledged.map(({ act }) => act.kind))].sort();
const KINDS = [
  ...['ban', 'block', 'deactivate', 'grant', 'join', 'leave', 'mute'],
  ...['reactivate', 'revoke', 'unban', 'unblock', 'update', 'upsert'],
];

const ARMED = 'SIGHUP';

/** Runs the load until the server is killed as planned. */
async function runUntilKilled(
  server: RunningServer,
  plan: Plan,
  ledger: Ledger,
  run: { round: number; random: () => number },
): Promise<void> {
  if (plan.point) process.kill(server.pid, ARMED);
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

const figures: string[] = [];
afterAll(() =>
  writeReport(
    'crash-report.md',
    'Killed under load',
    'Written by `CALLGATE_TEST_COUNTS=full npm test e2e/crash`. Sixteen clients act at once; in each round the server is killed with SIGKILL at a named point or at a random instant, started again and held to [the rules of durability](../spec/durability.md).',
    figures,
  ),
);

for (const engine of testEngines) {
  describe(engine.name, () => {
    test(`[DUR1] kill -9 under load in ${ROUNDS} rounds: what was acknowledged is there once, the rest wholly or not at all`, {
      timeout: 120_000 + ROUNDS * 60_000,
    }, async () => {
      const seed = testSeed();
      const random = randomFrom(seed);
      const empty = await engine.createEmpty();
      const isSqlite = engine.name === 'sqlite';
      const server = await startServer({
        entry: ENTRY,
        readyWithinMs: 60_000,
        env: isSqlite ? {} : { DATABASE_URL: empty.location },
      });
      const location: Location = isSqlite
        ? { file: join(server.dataDir, SQLITE_FILE) }
        : { url: empty.location };
      const kills: Record<string, number> = {};
      const inFlight = { done: 0, undone: 0 };
      const ledger = newLedger();
      try {
        await prepareSubjects(server);
        await server.stop();
        const plans = Array.from({ length: ROUNDS }, (_, round) => planOf(engine.name, round, seed, random));
        await server.start(settingsOf(plans[0]));
        for (const [round, plan] of plans.entries()) {
          const before = ledger.acknowledged.length;
          await runUntilKilled(server, plan, ledger, { round, random });
          const name = plan.point ?? 'random instant';
          kills[name] = (kills[name] ?? 0) + 1;
          // The next point waits until it is armed: what is checked here does not count as arrivals.
          await server.start(settingsOf(plans[round + 1]));
          const fresh = ledger.acknowledged.slice(before);
          const checked = await checkAfterKill({ server, location, ledger, fresh, random });
          expect(checked.problems, `round ${round}, killed at ${name} ${plan.count}, seed ${seed}`).toEqual(
            [],
          );
          inFlight.done += checked.done;
          inFlight.undone += checked.undone;
        }
        expect(everyKind(ledger)).toEqual(KINDS);
        const points = Object.entries(kills).map(([name, count]) => `${name} ${count}`);
        const figure = `kill -9 on ${engine.name}: ${ROUNDS} rounds (${points.join(', ')}), ${ledger.acknowledged.length} acknowledged acts, 0 lost, 0 doubled; in flight ${inFlight.done} found done, ${inFlight.undone} not done`;
        figures.push(`${figure} (seed ${seed})`);
        noteFigure(figure);
      } finally {
        await server.discard();
        await empty.remove();
      }
    });
  });
}
