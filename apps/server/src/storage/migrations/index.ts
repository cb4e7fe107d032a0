import type { Migration } from '../migration.ts';
import { foundation } from './0001-foundation.ts';
import { timers } from './0002-timers.ts';
import { tasks } from './0003-tasks.ts';
import { events } from './0004-events.ts';
import { webhooks } from './0005-webhooks.ts';
import { ringing } from './0006-ringing.ts';
import { presence } from './0007-presence.ts';
import { door } from './0008-door.ts';
import { services } from './0009-services.ts';
import { playLinks } from './0010-play-links.ts';

/** All migrations in order. Published ones are never edited: add the next number. */
export const MIGRATIONS: readonly Migration[] = [
  foundation,
  timers,
  tasks,
  events,
  webhooks,
  ringing,
  presence,
  door,
  services,
  playLinks,
];
