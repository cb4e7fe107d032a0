import { until } from '../clients/index.ts';
import { pick } from '../crash/random.ts';
import type { MediaWorld } from '../media/world.ts';
import type { Outcome } from './attempt.ts';
import { DEEDS, type Deed } from './deeds.ts';
import type { Gate } from './gate.ts';
import { bringIn, comeIn, type Insider } from './people.ts';
import { type Way, waysShutBy } from './routes.ts';
import type { Tally } from './tally.ts';

/** Something that goes away while people come back. */
export interface Outage {
  name: string;
  /** What those are told meanwhile who try; absent: nothing is away. */
  away?: RegExp;
  down(): Promise<unknown>;
  up(): Promise<unknown>;
}

/** Somebody and what is done to them. */
export interface Case {
  who: Insider;
  deed: Deed;
}

export interface Cycle {
  world: MediaWorld;
  tally: Tally;
  random: () => number;
  outage: Outage;
}

/** One person for each act, in calls of their own; `round` makes them others than before. */
export const bringAll = (world: MediaWorld, round: number): Promise<Case[]> =>
  Promise.all(
    DEEDS.map(async (deed, place) => ({
      deed,
      who: await bringIn(world, round * DEEDS.length + place, 'o'),
    })),
  );

export const shutOutAll = (world: MediaWorld, cases: readonly Case[]): Promise<unknown> =>
  Promise.all(cases.map(({ who, deed }) => deed.shutOut(world, who)));

/** Takes every act back; everybody comes in with new joins. */
export const letInAll = (world: MediaWorld, cases: readonly Case[]): Promise<Case[]> =>
  Promise.all(
    cases.map(async ({ who, deed }) => {
      await deed.letIn?.(world, who);
      return { deed, who: await comeIn(world, who) };
    }),
  );

/** Let in through the outage before the acts, refused through it after them, let in again once they are taken back. */
export async function cycle(given: Cycle, round: number): Promise<void> {
  const { world } = given;
  const cases = await bringAll(world, round);
  await passThrough(given, cases, 'before');
  await shutOutAll(world, cases);
  await passThrough(given, cases, 'refused');
  await nobodyLeft(world, cases);
  await passThrough(given, await letInAll(world, cases), 'after');
}

/** Nobody of them is at the media server. */
export const nobodyLeft = (world: MediaWorld, cases: readonly Case[]): Promise<unknown> =>
  until('nobody is left at the media server', async () => {
    const rooms = await Promise.all(
      cases.map(({ who }) => world.livekit.rooms.listParticipants(who.cid).catch(() => [])),
    );
    return rooms.flat().length === 0;
  });

interface Try {
  name: string;
  way: Way;
  deed: string;
  go: () => Promise<Outcome>;
}

/**
 * Everybody tries every way: those who must be refused also while it goes away; all while it is away, when they are told so;
 * and from when it comes back until policy has answered.
 */
export async function passThrough(
  { world, tally, random, outage }: Cycle,
  cases: readonly Case[],
  what: 'before' | 'refused' | 'after',
): Promise<void> {
  const people: Try[][] = cases.map(({ who, deed }) =>
    waysShutBy(deed).map((way) => ({
      ...{ way, deed: deed.name, name: `${outage.name}: ${way.name}` },
      go: () => way.route(world, who),
    })),
  );
  const early = what === 'refused' ? people.map((own) => pick(random, own)) : [];
  const trying = Promise.all(early.map(({ go }) => go()));
  await outage.down();
  for (const [place, outcome] of (await trying).entries()) {
    const { deed, name, way } = early[place] as Try;
    tally.noteRefused(deed, name, way.reasons, outcome);
  }
  await allInTurn(people, async ({ go, name }) => {
    if (outage.away) demandAway(outage.away, name, tally, await go());
  });
  await Promise.all([
    outage.up(),
    allInTurn(people, ({ deed, name, way, go }) =>
      what === 'refused' ? tally.refused(deed, name, way, go) : tally.admitted(what, name, go),
    ),
  ]);
}

/** Each person tries one way after the other, all people at once. */
const allInTurn = (people: readonly Try[][], attempt: (one: Try) => Promise<void>): Promise<unknown> =>
  Promise.all(
    people.map(async (own) => {
      for (const one of own) await attempt(one);
    }),
  );

function demandAway(away: RegExp, name: string, tally: Tally, outcome: Outcome): void {
  if (outcome.kind === 'admitted') throw new Error(`let in meanwhile: ${name}`);
  if (outcome.kind === 'refused' || !away.test(outcome.cause))
    throw new Error(`${name}, meanwhile: ${outcome.cause}`);
  tally.saysNothing(name, outcome.cause);
}

/** The server stops, and starts again. */
export const restart = ({ server }: MediaWorld): Outage => ({
  name: 'during a restart',
  away: /^nobody there$/,
  down: () => server.stop(),
  up: () => server.start(),
});

/** Nothing is away: what the media server reports arrives nowhere all the while. */
export const reportsLost: Outage = { name: 'webhooks lost', down: async () => {}, up: async () => {} };

/** The database is behind a gate. While it is shut, 503 is the answer that is right; no other is. */
export const databaseAway = (gate: Gate): Outage => ({
  name: 'database away',
  away: /^503\/9/,
  down: async () => gate.shut(),
  up: async () => gate.open(),
});
