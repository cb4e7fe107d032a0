import type { Measure } from '../measure/run-parts.ts';
import { measureBulk } from './bulk.ts';
import { measureDelays } from './delays.ts';
import { measureFanOut } from './fan-out.ts';
import { measureIdleSockets } from './idle-sockets.ts';

/** What is measured of events, in the order of the report. */
export const EVENT_PARTS: Readonly<Record<string, Measure>> = {
  sockets: measureIdleSockets,
  'fan-out': measureFanOut,
  delays: measureDelays,
  bulk: measureBulk,
};
