import type { Measure } from '../measure/run-parts.ts';
import { measureActs } from './acts.ts';
import { measureJoins } from './joins.ts';
import { measureOpen } from './open.ts';

/** What is measured of the media door, in the order of the report. */
export const DOOR_PARTS: Readonly<Record<string, Measure>> = {
  joins: measureJoins,
  acts: measureActs,
  open: measureOpen,
};
