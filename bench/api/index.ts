import type { Measure } from '../measure/run-parts.ts';
import { measureActs } from './acts.ts';
import { measureBanCheck } from './ban-check.ts';
import { measureGetCall } from './get-call.ts';
import { measureIdle } from './idle.ts';
import { measureSlowDisk } from './slow-disk.ts';

/** What is measured of the API, in the order of the report. */
export const API_PARTS: Readonly<Record<string, Measure>> = {
  get: measureGetCall,
  acts: measureActs,
  'slow-disk': (_postgres, options) => measureSlowDisk(options),
  bans: measureBanCheck,
  idle: measureIdle,
};
