import type { Migration } from '../migration.ts';

/** Hooks, how far each has come in the order of events, and what is on its way to them. */
export const webhooks: Migration = {
  id: '0005',
  name: 'webhooks',
  statements: (json) => [
    `create table event_hooks (
      id text not null primary key, position bigint not null, enabled smallint not null, url text not null,
      event_types ${json} not null, signing_secret text, gzip smallint not null, enabled_at bigint,
      app_seq bigint not null, replay_since bigint, replay_at bigint,
      created_at bigint not null, updated_at bigint not null)`,
    `create table webhook_deliveries (
      id text not null primary key, hook_id text not null, event_id text not null, app_seq bigint not null,
      event_type text not null, lane text not null, bulk smallint not null, state text not null,
      attempts bigint not null, tries bigint not null, next_at bigint not null, started_at bigint,
      last_at bigint, last_status bigint, last_error text, created_at bigint not null, replayed_at bigint,
      done_at bigint, unique (hook_id, event_id))`,
    `create index webhook_deliveries_lanes on webhook_deliveries (hook_id, bulk, lane)
      where state = 'pending'`,
    `create index webhook_deliveries_heads on webhook_deliveries (hook_id, lane, app_seq)
      where state = 'pending'`,
    `create index webhook_deliveries_due on webhook_deliveries (hook_id, state, next_at)
      where state in ('retrying', 'slow')`,
    `create index webhook_deliveries_open on webhook_deliveries (app_seq) where done_at is null`,
    `create index webhook_deliveries_done on webhook_deliveries (state, done_at) where done_at is not null`,
    `create index webhook_deliveries_dead on webhook_deliveries (hook_id, created_at) where state = 'dead'`,
    `insert into versions (name, version) values ('event_hooks', 1)`,
  ],
};
