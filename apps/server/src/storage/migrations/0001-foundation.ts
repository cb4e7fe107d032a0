import type { Migration } from '../migration.ts';

/**
 * The tables of tables.ts. `JSON` becomes TEXT on SQLite and JSONB on PostgreSQL.
 * Audit records and stored replies keep their JSON as text: it is hashed or sent as it was written.
 * No foreign keys onto users: ids outlive deletion (bans, blocks and audit records stay).
 */
export const foundation: Migration = {
  id: '0001',
  name: 'foundation',
  statements: (json) => [
    `create table versions (name text not null primary key, version bigint not null)`,
    `create table app_settings (
      id bigint not null primary key, settings ${json} not null, revoke_tokens_issued_before bigint,
      updated_at bigint not null)`,
    `create table roles (
      name text not null primary key, "rank" bigint not null, built_in smallint not null,
      created_at bigint not null, updated_at bigint not null)`,
    `create table users (
      id text not null primary key, role text not null, name text, image text, custom ${json} not null,
      teams ${json} not null, language text not null, invisible smallint not null,
      created_at bigint not null, updated_at bigint not null, last_active bigint,
      deactivated_at bigint, deactivated_by_id text, deleted_at bigint, deletion text,
      revoke_tokens_issued_before bigint, guest_expires_at bigint)`,
    `create index users_created_at on users (created_at, id)`,
    `create index users_role on users (role)`,
    `create index users_guest_expires_at on users (guest_expires_at) where guest_expires_at is not null`,
    `create table guest_starts (
      user_id text not null primary key, address text not null, created_at bigint not null)`,
    `create index guest_starts_address on guest_starts (address, created_at)`,
    `create index guest_starts_created_at on guest_starts (created_at)`,
    `create table user_addresses (
      user_id text not null, address text not null, first_seen_at bigint not null,
      last_seen_at bigint not null, primary key (user_id, address))`,
    `create index user_addresses_address on user_addresses (address, last_seen_at)`,
    `create table user_blocks (
      user_id text not null, blocked_user_id text not null, created_at bigint not null,
      primary key (user_id, blocked_user_id))`,
    `create table call_types (
      name text not null primary key, built_in smallint not null, settings ${json} not null,
      grants ${json} not null, notification_settings ${json} not null,
      created_at bigint not null, updated_at bigint not null)`,
    `create table calls (
      cid text not null primary key, type text not null, id text not null, created_by_id text, team text,
      custom ${json} not null, settings_override ${json} not null, video smallint not null,
      backstage smallint not null, starts_at bigint, ended_at bigint, live_started_at bigint,
      live_ended_at bigint, session_id text, session_started_at bigint, session_emptied_at bigint,
      seq bigint not null, created_at bigint not null, updated_at bigint not null)`,
    `create index calls_created_at on calls (created_at, cid)`,
    `create index calls_type on calls (type)`,
    `create table call_members (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      role text not null, custom ${json} not null, created_at bigint not null,
      updated_at bigint not null, primary key (cid, user_id))`,
    `create index call_members_user on call_members (user_id)`,
    `create table call_blocks (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      blocked_by_id text, created_at bigint not null, primary key (cid, user_id))`,
    `create table call_grants (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      capability text not null, state text not null, changed_by_id text, changed_at bigint not null,
      primary key (cid, user_id, capability))`,
    `create table call_mutes (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      kind text not null, muted_by_id text, muted_at bigint not null,
      primary key (cid, user_id, kind))`,
    `create table call_pins (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      session_id text not null, pinned_by_id text, pinned_at bigint not null,
      primary key (cid, user_id, session_id))`,
    `create table call_epochs (
      cid text not null references calls (cid) on delete cascade, user_id text not null,
      epoch bigint not null, primary key (cid, user_id))`,
    `create table permission_requests (
      id text not null primary key, cid text not null references calls (cid) on delete cascade,
      user_id text not null, permission text not null, state text not null, reason text,
      answered_by_id text, created_at bigint not null, answered_at bigint)`,
    `create index permission_requests_call on permission_requests (cid, state, created_at)`,
    `create unique index permission_requests_pending on permission_requests (cid, user_id, permission)
      where state = 'pending'`,
    `create table bans (
      id text not null primary key, target_user_id text not null, cid text not null, banned_by_id text,
      reason text, ip_ban smallint not null, shadow smallint not null, delete_messages text,
      created_at bigint not null, expires_at bigint, unique (target_user_id, cid))`,
    `create index bans_created_at on bans (created_at, id)`,
    `create table ip_bans (
      ban_id text not null references bans (id) on delete cascade, prefix text not null,
      expires_at bigint, primary key (ban_id, prefix))`,
    `create index ip_bans_prefix on ip_bans (prefix)`,
    `create table media_sessions (
      id text not null primary key, cid text not null references calls (cid) on delete cascade,
      user_id text not null, call_session_id text not null, state text not null, role_claim text,
      shown_role text not null, anonymous smallint not null, hidden smallint not null,
      epoch bigint not null, token_issued_at bigint, by_server smallint not null, address text,
      node text, identity text, boot_id text,
      created_at bigint not null, joined_at bigint, ended_at bigint, end_reason text)`,
    `create index media_sessions_call on media_sessions (cid, created_at)
      where state in ('pending', 'active')`,
    `create index media_sessions_user on media_sessions (user_id) where state in ('pending', 'active')`,
    `create index media_sessions_address on media_sessions (address, created_at) where address is not null`,
    `create table tasks (
      id text not null primary key, type text not null, status text not null, total bigint not null,
      done bigint not null, result ${json}, error ${json}, created_at bigint not null,
      updated_at bigint not null)`,
    `create table jobs (
      id text not null primary key, kind text not null, state text not null, scope ${json} not null,
      result ${json}, attempts bigint not null, run_at bigint not null, leased_by text,
      leased_until bigint, created_at bigint not null, done_at bigint)`,
    `create index jobs_pending on jobs (run_at) where state = 'pending'`,
    `create table outbox (
      id text not null primary key, type text not null, cid text, call_seq bigint, payload ${json} not null,
      audience ${json} not null, created_at bigint not null, app_seq bigint)`,
    `create unique index outbox_call_seq on outbox (cid, call_seq) where cid is not null`,
    `create index outbox_unsequenced on outbox (created_at) where app_seq is null`,
    `create table audit_records (
      id text not null primary key, at bigint not null, action text not null, actor_kind text not null,
      cid text, request_id text not null, job_id text, actor_id text, as_id text, target_type text,
      target_id text, reason text, address text, before text, after text, salt text,
      personal_hash text not null, seq bigint, hash text)`,
    `create unique index audit_records_seq on audit_records (seq) where seq is not null`,
    `create index audit_records_unsealed on audit_records (id) where seq is null`,
    `create index audit_records_target on audit_records (target_id, seq)`,
    `create index audit_records_actor on audit_records (actor_id, seq)`,
    `create index audit_records_as on audit_records (as_id, seq) where as_id is not null`,
    `create table idempotency_keys (
      scope text not null, key text not null, request_hash text not null, status bigint not null,
      body text not null, job_id text, created_at bigint not null, expires_at bigint not null,
      primary key (scope, key))`,
    `create index idempotency_keys_expires on idempotency_keys (expires_at)`,
    `create table leases (
      name text not null primary key, holder text not null, fence bigint not null, expires_at bigint not null)`,
    `insert into versions (name, version) values ('app', 1), ('roles', 1), ('call_types', 1), ('ip_bans', 1)`,
  ],
};
