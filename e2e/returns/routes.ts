import type { MediaWorld } from '../media/world.ts';
import { attempt, type Outcome } from './attempt.ts';
import { ask, type Insider, joinAs, tokenOf } from './people.ts';

/** A way back in. */
export type Route = (world: MediaWorld, who: Insider) => Promise<Outcome>;

/** A fresh join and what it opens. */
const anew =
  (tokenFor: (world: MediaWorld, who: Insider) => string): Route =>
  async (world, who) => {
    const joined = await joinAs(world, { path: who.path, token: tokenFor(world, who), from: who.address });
    return 'kind' in joined ? joined : attempt(joined, { from: who.address });
  };

/** With what they hold: refused after every act. */
export const HELD: Readonly<Record<string, Route>> = {
  'old token': (_world, { first, address }) => attempt(first, { from: address }),
  'old token, one peer connection': (_world, { first, address }) =>
    attempt(first, { from: address, v1: true }),
  'refreshed token': (_world, { refreshed, address }) => attempt(refreshed, { from: address }),
  resume: (_world, { first, sid, address }) => attempt(first, { sid, from: address }),
  'resume, one peer connection': (_world, { refreshed, sid, address }) =>
    attempt(refreshed, { sid, from: address, v1: true }),
  'other device': (_world, { unused, address }) => attempt(unused, { from: address }),
  'old token, other address': (_world, { first }) => attempt(first, { from: '192.0.2.77' }),
};

/** With a new join of their own: refused after every act but a kick. */
export const ANEW: Readonly<Record<string, Route>> = {
  'new join': anew((world, { id }) => tokenOf(world, id)),
};

/** From a banned address as somebody else. */
export const FROM_ADDRESS: Readonly<Record<string, Route>> = {
  guest: async (world, who) => {
    const made = await ask(world, 'POST', '/guest', {
      body: { user: { id: `g-${who.id}`, name: 'Guest' } },
      from: who.address,
    });
    if (made.status >= 300) return { kind: 'refused', cause: `guest ${made.status}` };
    const { access_token } = made.body as { access_token: string };
    return anew(() => access_token)(world, who);
  },
  'other identity': async (world, who) => {
    await world.ask('POST', '/users', { users: { [`o-${who.id}`]: { id: `o-${who.id}` } } });
    return anew(() => tokenOf(world, `o-${who.id}`))(world, who);
  },
};
