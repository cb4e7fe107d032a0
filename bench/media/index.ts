import type { Measure } from '../measure/run-parts.ts';
import { measureForwarding } from './forwarding.ts';

/** What is measured of the embedded media server, in the order of the report. */
export const MEDIA_PARTS: Readonly<Record<string, Measure>> = {
  forwarding: measureForwarding,
};
