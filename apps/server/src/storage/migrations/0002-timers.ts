import type { Migration } from '../migration.ts';

/**
 * What the server does later (ADR 12). The index serves each kind by itself, so that many timers of one kind do not
 * stand before those of another. The others are what the purges look things up by.
 */
export const timers: Migration = {
  id: '0002',
  name: 'timers',
  statements: (json) => [
    `create table timers (
      kind text not null, key text not null, due_at bigint not null, data ${json}, attempts bigint not null,
      primary key (kind, key))`,
    `create index timers_due on timers (kind, due_at)`,
    `create index bans_expires_at on bans (expires_at) where expires_at is not null`,
    `create index user_addresses_last_seen_at on user_addresses (last_seen_at)`,
    `create index media_sessions_ended_address on media_sessions (ended_at)
      where address is not null and ended_at is not null`,
  ],
};
