import { expect } from 'vitest';
import { between, pick } from '../crash/random.ts';
import type { MediaWorld } from '../media/world.ts';
import type { Outcome } from './attempt.ts';
import type { Deed } from './deeds.ts';
import { bringIn, comeIn, type Insider } from './people.ts';
import { type Way, waysShutBy } from './routes.ts';
import type { Tally } from './tally.ts';

interface Round {
  deed: Deed;
  round: number;
  random: () => number;
  tally: Tally;
}

/** Ways of a round by which the harness comes in before and after: those that had the fewest turns. */
const CONTROLS = 4;
const RACING = 'during the join';

/** One person, one act, every way back that it shuts. */
export async function oneRound(world: MediaWorld, { deed, round, random, tally }: Round): Promise<void> {
  const who = await bringIn(world, round, 'p');
  const ways = waysShutBy(deed);
  const isRacing = round % 3 === 0;
  const controls = ways
    .toSorted((a, b) => (tally.rows.get(a.name)?.before ?? 0) - (tally.rows.get(b.name)?.before ?? 0))
    .slice(0, CONTROLS);
  const letIn = async (when: 'before' | 'after', person: Insider): Promise<void> => {
    for (const { name, route } of controls) await tally.admitted(when, name, () => route(world, person));
    if (!isRacing) return;
    const { route } = pick(random, ways);
    await tally.admitted(when, RACING, () => atSomeInstant(random, () => route(world, person)));
  };

  await letIn('before', who);
  const racing = isRacing ? race(world, { who, ways, random }) : Promise.resolve([]);
  await deed.shutOut(world, who);
  for (const { way, outcome } of await racing) {
    // Who was faster than the act is thrown out by it; nobody may be left.
    if (outcome.kind === 'admitted') await outcome.socket.closed;
    else tally.noteRefused(deed.name, RACING, way.reasons, outcome);
  }
  for (const way of ways) {
    // Two at a time: a session has three places at the door, and a 429 says nothing of policy.
    const once = () => tally.refused(deed.name, way.name, way, () => way.route(world, who));
    await Promise.all([once(), once()]);
  }
  const left = await world.livekit.rooms.listParticipants(who.cid).catch(() => []);
  expect(left, `${deed.name}: still at the media server`).toEqual([]);
  await deed.letIn?.(world, who);
  await letIn('after', await comeIn(world, who));
}

interface Racing {
  who: Insider;
  ways: readonly Way[];
  random: () => number;
}

/** Two knock at random instants while the act is under way. */
const race = (world: MediaWorld, { who, ways, random }: Racing): Promise<{ way: Way; outcome: Outcome }[]> =>
  Promise.all(
    Array.from({ length: 2 }, async () => {
      const way = pick(random, ways);
      return { way, outcome: await atSomeInstant(random, () => way.route(world, who)) };
    }),
  );

async function atSomeInstant(random: () => number, go: () => Promise<Outcome>): Promise<Outcome> {
  for (let turn = between(random, 0, 20); turn > 0; turn--) await new Promise(setImmediate);
  return go();
}
