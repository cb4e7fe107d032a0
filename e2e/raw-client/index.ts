export { cleanup as endTransports } from 'node-datachannel';
export { FLYING, heardBy, paced, sent } from './counters.ts';
export { type Publication, type RawClient, rawClient } from './raw-client.ts';
