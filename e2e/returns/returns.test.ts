import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { between, pick, randomFrom } from '../crash/random.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { type MediaWorld, openMediaWorld } from '../media/world.ts';
import { writeReport } from '../report-page.ts';
import type { Outcome } from './attempt.ts';
import { DEEDS, type Deed } from './deeds.ts';
import { bringIn, type Insider } from './people.ts';
import { ANEW, FROM_ADDRESS, HELD, type Route } from './routes.ts';

/** Attempts on each engine. */
const ATTEMPTS = testCounts().returns;
const figures: string[] = [];
afterAll(() => writeReport('returns-report.md', 'Attempts to return', ABOUT, figures));

const ABOUT = `People who were shut out try to come back by every route (e2e/returns). Each refusal is counted by its cause,
which must be the policy's code or the door's own reason; what says nothing of policy is counted apart. The same
harness is let in by the same routes before the act and after it was taken back. Written by the suite at full counts.`;

for (const engine of LIVEKIT === undefined ? [] : serverEngines) {
  describe(engine.name, () => {
    test(`[RET1] of ${ATTEMPTS} attempts to return none succeeds`, {
      timeout: 120_000 + ATTEMPTS * 200,
    }, async () => {
      const random = randomFrom(testSeed());
      const world = await openMediaWorld(engine, rtcNodeClients(), {
        CALLGATE_TRUSTED_PROXIES: '127.0.0.1',
      });
      const tally = createTally();
      try {
        await world.ask('PATCH', '/app', { guests: { enabled: true, per_address_per_hour: 10_000 } });
        for (let round = 0; tally.attempts() < ATTEMPTS; round++) {
          const deed = DEEDS[round % DEEDS.length] as Deed;
          await oneRound(world, { deed, round, random, tally });
        }
      } finally {
        await world.close();
      }
      expect(tally.voids() / tally.attempts(), tally.causes()).toBeLessThan(0.01);
      for (const { name } of DEEDS) expect(tally.deeds.has(name)).toBe(true);
      const line = `returns on ${engine.name}: ${tally.attempts()} attempts after ${[...tally.deeds].join(', ')} (seed ${testSeed()}), 0 admitted; ${tally.causes()}; let in before and after ${tally.letIn} times`;
      noteFigure(line);
      figures.push(line);
    });
  });
}

interface Round {
  deed: Deed;
  round: number;
  random: () => number;
  tally: ReturnType<typeof createTally>;
}

async function oneRound(world: MediaWorld, { deed, round, random, tally }: Round): Promise<void> {
  const who = await bringIn(world, round, 'p');
  // The harness gets in by these routes before the act: it is the act that keeps it out.
  await admitted(world, who, pick(random, CONTROLS), tally);
  const racing = round % 3 === 0 ? race(world, who, random) : Promise.resolve([]);
  await deed.shutOut(world, who);
  for (const outcome of await racing) {
    // Who was faster than the act is thrown out by it; nobody may be left.
    if (outcome.kind === 'admitted') await outcome.socket.closed;
    else tally.note(deed.name, 'during the join', outcome);
  }
  const routes = { ...HELD, ...(deed.name !== 'kick' && ANEW), ...(deed.takesAddress && FROM_ADDRESS) };
  for (const [name, route] of Object.entries(routes)) {
    // Two at a time: a session has three places at the door, and a 429 says nothing of policy.
    for (const outcome of await Promise.all([route(world, who), route(world, who)])) {
      tally.note(deed.name, name, outcome);
    }
  }
  const left = await world.livekit.rooms.listParticipants(who.cid).catch(() => []);
  expect(left, `${deed.name}: still at the media server`).toEqual([]);
  await deed.letIn?.(world, who);
  await admitted(world, who, ANEW['new join'] as Route, tally);
}

const CONTROLS = [
  HELD['old token'],
  HELD['old token, one peer connection'],
  HELD['refreshed token'],
  HELD['other device'],
] as Route[];

async function admitted(
  world: MediaWorld,
  who: Insider,
  route: Route,
  tally: ReturnType<typeof createTally>,
): Promise<void> {
  const outcome = await route(world, who);
  expect(outcome.kind, `the harness itself: ${JSON.stringify(outcome)}`).toBe('admitted');
  tally.letIn++;
}

/** Several knock at random instants while the act is under way. */
const race = (world: MediaWorld, who: Insider, random: () => number): Promise<Outcome[]> =>
  Promise.all(
    Array.from({ length: 2 }, async () => {
      for (let turn = between(random, 0, 20); turn > 0; turn--) await new Promise(setImmediate);
      return pick(random, CONTROLS)(world, who);
    }),
  );

function createTally() {
  const counts = new Map<string, number>();
  let [attempts, voids] = [0, 0];
  return {
    letIn: 0,
    deeds: new Set<string>(),
    attempts: () => attempts,
    voids: () => voids,
    note(deed: string, route: string, outcome: Outcome): void {
      this.deeds.add(deed);
      if (outcome.kind === 'admitted') throw new Error(`let in after ${deed} by ${route}`);
      attempts++;
      if (outcome.kind === 'void') voids++;
      const cause = outcome.kind === 'void' ? `(says nothing: ${outcome.cause})` : outcome.cause;
      counts.set(cause, (counts.get(cause) ?? 0) + 1);
    },
    causes: (): string =>
      [...counts]
        .sort(([, a], [, b]) => b - a)
        .map(([cause, count]) => `${cause} ${count}`)
        .join(', '),
  };
}
