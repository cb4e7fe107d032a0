import type { MediaWorld } from '../media/world.ts';
import { attempt, type Outcome, type Pass } from './attempt.ts';
import type { Deed } from './deeds.ts';
import { asked, type Bearer, type Insider, joinAs, neighbourOf, sidIn, tokenOf } from './people.ts';

/** A way back in. What it takes up of the person (a new participant, an unused token) is noted in them. */
export type Route = (world: MediaWorld, who: Insider) => Promise<Outcome>;

/** A fresh join from an address and what it opens. */
async function anew(world: MediaWorld, who: Insider, as: Bearer, from = who.address): Promise<Outcome> {
  const joined = await joinAs(world, { path: who.path, as, from });
  return 'kind' in joined ? joined : attempt(joined, { from });
}

/** By a token of the first session; a full join makes it another participant. */
const firstSession =
  (passOf: (who: Insider) => Pass, manner: (who: Insider) => Parameters<typeof attempt>[1]): Route =>
  async (_world, who) => {
    const outcome = await attempt(passOf(who), manner(who));
    who.sid = sidIn(outcome) ?? who.sid;
    return outcome;
  };

/** With what they hold: refused after every act. */
const HELD: Readonly<Record<string, Route>> = {
  'old token': firstSession(
    ({ first }) => first,
    ({ address }) => ({ from: address }),
  ),
  resume: firstSession(
    ({ first }) => first,
    ({ sid, address }) => ({ sid, from: address }),
  ),
  'refreshed token': firstSession(
    ({ refreshed }) => refreshed,
    ({ address }) => ({ from: address }),
  ),
  'old token, one peer connection': firstSession(
    ({ first }) => first,
    ({ address }) => ({ from: address, v1: true }),
  ),
  'resume, one peer connection': firstSession(
    ({ refreshed }) => refreshed,
    ({ sid, address }) => ({ sid, from: address, v1: true }),
  ),
  'old token, other address': firstSession(
    ({ first }) => first,
    ({ elsewhere }) => ({ from: elsewhere }),
  ),
  'other device': (_world, { device, address }) => attempt(device, { from: address }),
  async 'unused token'(world, who) {
    const outcome = await attempt(who.unused, { from: who.address });
    if (outcome.kind !== 'admitted') return outcome;
    const next = await joinAs(world, { path: who.path, as: tokenOf(world, who.id), from: who.address });
    if ('token' in next) who.unused = next;
    return outcome;
  },
};

/** With a new join of their own: refused after every act but a kick. */
const ANEW: Readonly<Record<string, Route>> = {
  'new join': (world, who) => anew(world, who, tokenOf(world, who.id)),
  'new join, other address': (world, who) => anew(world, who, tokenOf(world, who.id), who.elsewhere),
};

/** From a banned address as somebody else. */
const FROM_ADDRESS: Readonly<Record<string, Route>> = {
  async guest(world, who) {
    const made = await asked(world, 'POST', '/guest', {
      body: { user: { id: `g-${who.id}`, name: 'Guest' } },
      as: NOBODY,
      from: who.address,
    });
    if ('kind' in made) return made;
    return anew(world, who, { token: String(made.body.access_token) });
  },
  anonymous: (world, who) =>
    anew(world, who, { token: world.server.sign({ call_cids: [who.cid], iat: now() }), isAnonymous: true }),
  'other identity': (world, who) => anew(world, who, tokenOf(world, neighbourOf(who.id))),
  'other identity, old token': (_world, { neighbour, address }) => attempt(neighbour, { from: address }),
};

const NOBODY: Bearer = { token: '' };
const now = (): number => Math.floor(Date.now() / 1000);

export interface Way {
  name: string;
  route: Route;
  /** What policy may answer there. */
  reasons: readonly string[];
}

const ways = (routes: Readonly<Record<string, Route>>, reasons: readonly string[]): Way[] =>
  Object.entries(routes).map(([name, route]) => ({ name, route, reasons }));

/** Every way back that an act shuts. */
export const waysShutBy = ({ name, reasons, takesAddress }: Deed): Way[] => [
  ...ways(HELD, reasons),
  ...(name === 'kick' ? [] : ways(ANEW, reasons)),
  ...(takesAddress ? ways(FROM_ADDRESS, ['address_banned']) : []),
];
