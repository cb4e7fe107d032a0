import { afterAll, describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { randomFrom } from '../crash/random.ts';
import { type ServerEngine, serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { type MediaWorld, openMediaWorld, type WorldOptions } from '../media/world.ts';
import { DEEDS, type Deed } from './deeds.ts';
import { type Gate, openGate } from './gate.ts';
import { killed, killedCycle } from './killed.ts';
import { type Cycle, cycle, databaseAway, reportsLost, restart } from './outage.ts';
import { lineOf, writePage } from './page.ts';
import { oneRound } from './rounds.ts';
import { createTally, type Tally } from './tally.ts';

/** Attempts on each engine, those of the outages included. */
const ATTEMPTS = testCounts().returns;
/** Rounds of each outage; one is some 60 attempts, one person after each act. */
const OUTAGES = Math.max(1, Math.round(ATTEMPTS / 1_000));
const TIMEOUT_MS = 120_000 + ATTEMPTS * 200;
/** Of the rounds of the last test: each act has two at least, so that each way lets in before and after. */
const FEWEST = 2 * DEEDS.length;

const clients = rtcNodeClients();
const tallies = new Map<string, Tally>();
afterAll(async () => {
  await clients.stop();
  writePage(tallies);
});

/** A world in which addresses count, guests and anonymous people are welcome, and no limit is in the way. */
async function inWorld(
  engine: ServerEngine,
  options: WorldOptions,
  work: (given: Omit<Cycle, 'outage'>) => Promise<unknown>,
): Promise<void> {
  const world = await openMediaWorld(engine, clients, { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' }, options);
  const tally = tallies.get(engine.name) ?? createTally();
  tallies.set(engine.name, tally);
  try {
    await welcomeAll(world);
    await work({ world, tally, random: randomFrom(testSeed()) });
    tally.demandControls();
  } finally {
    await world.close();
  }
}

async function welcomeAll(world: MediaWorld): Promise<void> {
  const settings = {
    guests: { enabled: true, per_address_per_hour: 10_000 },
    anonymous_users: { enabled: true },
  };
  const { status, body } = await world.ask('PATCH', '/app', settings);
  if (status >= 300) throw new Error(`PATCH /app: ${status} ${JSON.stringify(body)}`);
}

async function behindGate(work: (gate: Gate) => Promise<unknown>): Promise<void> {
  const gate = await openGate();
  try {
    await work(gate);
  } finally {
    await gate.close();
  }
}

const engines = LIVEKIT === undefined ? [] : serverEngines;

// First: what it counts is part of the attempts of its engine, which the last test fills up.
const postgres = engines.find(({ name }) => name === 'postgres');
describe.skipIf(!postgres)('a database that goes away', () => {
  test(
    '[RET4] while it is away nobody is let in; when it is back the policy answers',
    {
      timeout: TIMEOUT_MS,
    },
    () =>
      behindGate(async (gate) => {
        if (!postgres) return;
        await inWorld(postgres, { databaseUrl: gate.through }, async (given) => {
          const outage = databaseAway(gate);
          for (let round = 0; round < OUTAGES; round++) await cycle({ ...given, outage }, round);
        });
      }),
  );
});

for (const engine of engines) {
  describe(engine.name, { timeout: TIMEOUT_MS }, () => {
    test('[RET2] a server that is killed while people are shut out lets nobody in, and their media ends', () =>
      behindGate((gate) =>
        inWorld(engine, { reports: false, livekitUrl: gate.through }, async (given) => {
          const outage = killed(given.world, gate);
          for (let round = 0; round < OUTAGES; round++) await killedCycle({ ...given, outage }, gate, round);
        }),
      ));

    test('[RET3] across a restart, and with the media server’s reports lost, nobody comes back', () =>
      inWorld(engine, { reports: false }, async (given) => {
        for (let round = 0; round < OUTAGES; round++) {
          await cycle({ ...given, outage: reportsLost }, 2 * round);
          await cycle({ ...given, outage: restart(given.world) }, 2 * round + 1);
        }
      }));

    test(`[RET1] of ${ATTEMPTS} attempts to return none succeeds`, () =>
      inWorld(engine, {}, async ({ world, tally, random }) => {
        for (let round = 0; tally.attempts() < ATTEMPTS || round < FEWEST; round++) {
          const deed = DEEDS[round % DEEDS.length] as Deed;
          await oneRound(world, { deed, round, random, tally });
        }
        for (const { name } of DEEDS) expect(tally.deeds.has(name)).toBe(true);
        noteFigure(lineOf(engine.name, tally));
      }));
  });
}
