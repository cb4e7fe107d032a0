import type { Counter } from '../clients/counters.ts';
import type { RawClient } from './raw-client.ts';
import type { Sending } from './sending.ts';

/** Packets that went to the sender's transport. */
export const sent =
  (sending: Sending): Counter =>
  async () =>
    sending.sent;

/** Packets that arrived at a listener: of one track, or of all. */
export const heardBy =
  ({ ear }: RawClient, sid?: string): Counter =>
  async () =>
    ear.heard(sid).packets;

/** What a client whose transport is gone would have sent: one packet in 20 ms. */
export const paced = (): Counter => {
  const from = performance.now();
  return async () => Math.floor((performance.now() - from) / 20);
};

/** Packets that were on their way to the listener when the reply came. */
export const FLYING = 2;
