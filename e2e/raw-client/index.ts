export { cleanup as endTransports } from 'node-datachannel';
export { type Built, untilHeard } from './attempts.ts';
export { FACE, FLYING, heardBy, paced, sent, VOICE } from './counters.ts';
export { type Publication, type RawClient, rawClient } from './raw-client.ts';
