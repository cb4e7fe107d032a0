import type { Migration } from '../migration.ts';

/** Who rings whom, and what they answered. A call says when it was rung last, so that reading others asks for nothing. */
export const ringing: Migration = {
  id: '0006',
  name: 'ringing',
  statements: () => [
    `alter table calls add column rung_at bigint`,
    `alter table calls add column rings_since bigint not null default 0`,
    `create table rings (
      id text not null primary key, cid text not null, caller_id text not null, video smallint not null,
      started_at bigint not null, cancel_at bigint not null, miss_at bigint not null,
      ended_at bigint, end_reason text)`,
    `create index rings_of_call on rings (cid, started_at)`,
    `create index rings_started on rings (started_at)`,
    `create table ring_callees (
      ring_id text not null, user_id text not null, told smallint not null, answer text,
      answered_at bigint, missed_at bigint, primary key (ring_id, user_id))`,
    `create index ring_callees_person on ring_callees (user_id, ring_id)`,
  ],
};
