import type { Migration } from '../migration.ts';

/**
 * Work in the background (docs/adr/0013-tasks.md). The ids of a task stand in chunks, because 100,000 rows would hold
 * up the request that brings them. `fence`, `leased_by` and `leased_until` say who works on a task, and
 * `next_position` what was done last: whoever writes a chunk moves it in the same transaction. `settled` is 0 as long as
 * a worker has something to do.
 */
export const tasks: Migration = {
  id: '0003',
  name: 'tasks',
  statements: (json) => [
    `alter table tasks add column input ${json}`,
    `alter table tasks add column as_id text`,
    `alter table tasks add column request_id text not null default ''`,
    `alter table tasks add column next_position bigint not null default 0`,
    `alter table tasks add column attempts bigint not null default 0`,
    `alter table tasks add column run_at bigint not null default 0`,
    `alter table tasks add column leased_by text`,
    `alter table tasks add column leased_until bigint not null default 0`,
    `alter table tasks add column fence bigint not null default 0`,
    `alter table tasks add column settled smallint not null default 1`,
    `create index tasks_unsettled on tasks (run_at) where settled = 0`,
    `create table task_chunks (
      task_id text not null, position bigint not null, size bigint not null, items text not null, results text,
      primary key (task_id, position))`,
    `create table task_outputs (
      task_id text not null, item bigint not null, page bigint not null, subject_id text not null,
      lines text not null, primary key (task_id, item, page))`,
    `create index task_outputs_subject on task_outputs (subject_id)`,
    // What an export asks of a person; every other question about these tables names the call.
    `create index call_blocks_user on call_blocks (user_id)`,
    `create index call_grants_user on call_grants (user_id)`,
    `create index call_mutes_user on call_mutes (user_id)`,
    `create index permission_requests_user on permission_requests (user_id)`,
    `create index media_sessions_of_user on media_sessions (user_id, id)`,
  ],
};
