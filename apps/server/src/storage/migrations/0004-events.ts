import type { Migration } from '../migration.ts';

/** The order of events over the whole application; sockets and what they watch. */
export const events: Migration = {
  id: '0004',
  name: 'events',
  statements: (json) => [
    `alter table outbox add column concerns ${json}`,
    `create unique index outbox_app_seq on outbox (app_seq) where app_seq is not null`,
    `create table connections (
      id text not null primary key, user_id text not null, node text not null, opened_at bigint not null,
      closed_at bigint, close_reason text)`,
    `create index connections_user on connections (user_id)`,
    `create index connections_closed_at on connections (closed_at) where closed_at is not null`,
    `create table watches (
      connection_id text not null references connections (id) on delete cascade, cid text not null,
      from_seq bigint not null, to_seq bigint, reason text, primary key (connection_id, cid))`,
    `create index watches_call on watches (cid)`,
  ],
};
