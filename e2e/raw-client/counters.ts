import { TrackSource } from '@livekit/protocol';
import type { Counter } from '../clients/counters.ts';
import type { Publication, RawClient } from './raw-client.ts';
import type { Sending } from './sending.ts';

/** What raw clients publish when nothing else matters. */
export const VOICE: Publication = { cid: 'voice', kind: 'audio', source: TrackSource.MICROPHONE };
export const FACE: Publication = { cid: 'face', kind: 'video', source: TrackSource.CAMERA };

/** Packets that were on their way to a listener when the reply to an act came. */
export const FLYING = 2;

/** Packets that went to the sender's transport. */
export const sent =
  (sending: Sending): Counter =>
  async () =>
    sending.sent;

/** What a client whose transport is gone would have sent: one packet in 20 ms. */
export const paced = (): Counter => {
  const from = performance.now();
  return async () => Math.floor((performance.now() - from) / 20);
};

/** What arrives at a listener of one track, or of whatever track. */
export const heardBy =
  ({ ear }: Pick<RawClient, 'ear'>, sid?: string): Counter =>
  async () =>
    ear.heard(sid).packets;
