-- The schema on sqlite, generated from the migrations. Do not edit.

CREATE TABLE app_settings (
  id bigint not null primary key, settings text not null, revoke_tokens_issued_before bigint,
  updated_at bigint not null);

CREATE TABLE audit_records (
  id text not null primary key, at bigint not null, action text not null, actor_kind text not null,
  cid text, request_id text not null, job_id text, actor_id text, as_id text, target_type text,
  target_id text, reason text, address text, before text, after text, salt text,
  personal_hash text not null, seq bigint, hash text);

CREATE INDEX audit_records_actor on audit_records (actor_id, seq);

CREATE INDEX audit_records_as on audit_records (as_id, seq) where as_id is not null;

CREATE UNIQUE INDEX audit_records_seq on audit_records (seq) where seq is not null;

CREATE INDEX audit_records_target on audit_records (target_id, seq);

CREATE INDEX audit_records_unsealed on audit_records (id) where seq is null;

CREATE TABLE bans (
  id text not null primary key, target_user_id text not null, cid text not null, banned_by_id text,
  reason text, ip_ban smallint not null, shadow smallint not null, delete_messages text,
  created_at bigint not null, expires_at bigint, unique (target_user_id, cid));

CREATE INDEX bans_created_at on bans (created_at, id);

CREATE INDEX bans_expires_at on bans (expires_at) where expires_at is not null;

CREATE TABLE call_blocks (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  blocked_by_id text, created_at bigint not null, primary key (cid, user_id));

CREATE INDEX call_blocks_user on call_blocks (user_id);

CREATE TABLE call_epochs (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  epoch bigint not null, primary key (cid, user_id));

CREATE TABLE call_grants (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  capability text not null, state text not null, changed_by_id text, changed_at bigint not null,
  primary key (cid, user_id, capability));

CREATE INDEX call_grants_user on call_grants (user_id);

CREATE TABLE call_members (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  role text not null, custom text not null, created_at bigint not null,
  updated_at bigint not null, primary key (cid, user_id));

CREATE INDEX call_members_user on call_members (user_id);

CREATE TABLE call_mutes (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  kind text not null, muted_by_id text, muted_at bigint not null,
  primary key (cid, user_id, kind));

CREATE INDEX call_mutes_user on call_mutes (user_id);

CREATE TABLE call_pins (
  cid text not null references calls (cid) on delete cascade, user_id text not null,
  session_id text not null, pinned_by_id text, pinned_at bigint not null,
  primary key (cid, user_id, session_id));

CREATE TABLE call_types (
  name text not null primary key, built_in smallint not null, settings text not null,
  grants text not null, notification_settings text not null,
  created_at bigint not null, updated_at bigint not null);

CREATE TABLE calls (
  cid text not null primary key, type text not null, id text not null, created_by_id text, team text,
  custom text not null, settings_override text not null, video smallint not null,
  backstage smallint not null, starts_at bigint, ended_at bigint, live_started_at bigint,
  live_ended_at bigint, session_id text, session_started_at bigint, session_emptied_at bigint,
  seq bigint not null, created_at bigint not null, updated_at bigint not null, rung_at bigint, rings_since bigint not null default 0);

CREATE INDEX calls_created_at on calls (created_at, cid);

CREATE INDEX calls_type on calls (type);

CREATE TABLE connections (
  id text not null primary key, user_id text not null, node text not null, opened_at bigint not null,
  closed_at bigint, close_reason text);

CREATE INDEX connections_closed_at on connections (closed_at) where closed_at is not null;

CREATE INDEX connections_open on connections (user_id, node) where closed_at is null;

CREATE TABLE event_hooks (
  id text not null primary key, position bigint not null, enabled smallint not null, url text not null,
  event_types text not null, signing_secret text, gzip smallint not null, enabled_at bigint,
  app_seq bigint not null, replay_since bigint, replay_at bigint,
  created_at bigint not null, updated_at bigint not null);

CREATE TABLE guest_starts (
  user_id text not null primary key, address text not null, created_at bigint not null);

CREATE INDEX guest_starts_address on guest_starts (address, created_at);

CREATE INDEX guest_starts_created_at on guest_starts (created_at);

CREATE TABLE idempotency_keys (
  scope text not null, key text not null, request_hash text not null, status bigint not null,
  body text not null, job_id text, created_at bigint not null, expires_at bigint not null,
  primary key (scope, key));

CREATE INDEX idempotency_keys_expires on idempotency_keys (expires_at);

CREATE TABLE ip_bans (
  ban_id text not null references bans (id) on delete cascade, prefix text not null,
  expires_at bigint, primary key (ban_id, prefix));

CREATE INDEX ip_bans_prefix on ip_bans (prefix);

CREATE TABLE jobs (
  id text not null primary key, kind text not null, state text not null, scope text not null,
  result text, attempts bigint not null, run_at bigint not null, leased_by text,
  leased_until bigint, created_at bigint not null, done_at bigint);

CREATE INDEX jobs_pending on jobs (run_at) where state = 'pending';

CREATE TABLE leases (
  name text not null primary key, holder text not null, fence bigint not null, expires_at bigint not null);

CREATE TABLE media_sessions (
  id text not null primary key, cid text not null references calls (cid) on delete cascade,
  user_id text not null, call_session_id text not null, state text not null, role_claim text,
  shown_role text not null, anonymous smallint not null, hidden smallint not null,
  epoch bigint not null, token_issued_at bigint, by_server smallint not null, address text,
  node text, identity text, boot_id text,
  created_at bigint not null, joined_at bigint, ended_at bigint, end_reason text, participant_sid text, service_kind text, service_key text, service_name text, service_grants text);

CREATE INDEX media_sessions_address on media_sessions (address, created_at) where address is not null;

CREATE INDEX media_sessions_aside on media_sessions (ended_at) where state = 'issued' and ended_at is not null;

CREATE INDEX media_sessions_call on media_sessions (cid, created_at)
  where state in ('pending', 'active');

CREATE INDEX media_sessions_ended_address on media_sessions (ended_at)
  where address is not null and ended_at is not null;

CREATE INDEX media_sessions_issued on media_sessions (created_at) where state = 'issued';

CREATE INDEX media_sessions_of_user on media_sessions (user_id, id);

CREATE INDEX media_sessions_revoked_call on media_sessions (cid) where state = 'revoked';

CREATE INDEX media_sessions_revoked_user on media_sessions (user_id) where state = 'revoked';

CREATE INDEX media_sessions_services on media_sessions (cid, identity) where service_kind is not null;

CREATE INDEX media_sessions_user on media_sessions (user_id) where state in ('pending', 'active');

CREATE TABLE outbox (
  id text not null primary key, type text not null, cid text, call_seq bigint, payload text not null,
  audience text not null, created_at bigint not null, app_seq bigint, concerns text);

CREATE UNIQUE INDEX outbox_app_seq on outbox (app_seq) where app_seq is not null;

CREATE UNIQUE INDEX outbox_call_seq on outbox (cid, call_seq) where cid is not null;

CREATE INDEX outbox_unsequenced on outbox (created_at) where app_seq is null;

CREATE TABLE permission_requests (
  id text not null primary key, cid text not null references calls (cid) on delete cascade,
  user_id text not null, permission text not null, state text not null, reason text,
  answered_by_id text, created_at bigint not null, answered_at bigint);

CREATE INDEX permission_requests_call on permission_requests (cid, state, created_at);

CREATE UNIQUE INDEX permission_requests_pending on permission_requests (cid, user_id, permission)
  where state = 'pending';

CREATE INDEX permission_requests_user on permission_requests (user_id);

CREATE TABLE play_links (
  secret_hash text not null primary key, cid text not null, user_id text not null, role text not null,
  name text, created_by_id text, at_start smallint not null,
  created_at bigint not null, expires_at bigint not null, used_at bigint);

CREATE INDEX play_links_at_start on play_links (created_at) where at_start = 1;

CREATE INDEX play_links_expires_at on play_links (expires_at);

CREATE INDEX play_links_of_call on play_links (cid, expires_at) where used_at is null;

CREATE TABLE ring_callees (
  ring_id text not null, user_id text not null, told smallint not null, answer text,
  answered_at bigint, missed_at bigint, primary key (ring_id, user_id));

CREATE INDEX ring_callees_person on ring_callees (user_id, ring_id);

CREATE TABLE rings (
  id text not null primary key, cid text not null, caller_id text not null, video smallint not null,
  started_at bigint not null, cancel_at bigint not null, miss_at bigint not null,
  ended_at bigint, end_reason text);

CREATE INDEX rings_of_call on rings (cid, started_at);

CREATE INDEX rings_started on rings (started_at);

CREATE TABLE roles (
  name text not null primary key, "rank" bigint not null, built_in smallint not null,
  created_at bigint not null, updated_at bigint not null);

CREATE TABLE task_chunks (
  task_id text not null, position bigint not null, size bigint not null, items text not null, results text,
  primary key (task_id, position));

CREATE TABLE task_outputs (
  task_id text not null, item bigint not null, page bigint not null, subject_id text not null,
  lines text not null, primary key (task_id, item, page));

CREATE INDEX task_outputs_subject on task_outputs (subject_id);

CREATE TABLE tasks (
  id text not null primary key, type text not null, status text not null, total bigint not null,
  done bigint not null, result text, error text, created_at bigint not null,
  updated_at bigint not null, input text, as_id text, request_id text not null default '', next_position bigint not null default 0, attempts bigint not null default 0, run_at bigint not null default 0, leased_by text, leased_until bigint not null default 0, fence bigint not null default 0, settled smallint not null default 1);

CREATE INDEX tasks_unsettled on tasks (run_at) where settled = 0;

CREATE TABLE timers (
  kind text not null, key text not null, due_at bigint not null, data text, attempts bigint not null,
  primary key (kind, key));

CREATE INDEX timers_due on timers (kind, due_at);

CREATE TABLE user_addresses (
  user_id text not null, address text not null, first_seen_at bigint not null,
  last_seen_at bigint not null, primary key (user_id, address));

CREATE INDEX user_addresses_address on user_addresses (address, last_seen_at);

CREATE INDEX user_addresses_last_seen_at on user_addresses (last_seen_at);

CREATE TABLE user_blocks (
  user_id text not null, blocked_user_id text not null, created_at bigint not null,
  primary key (user_id, blocked_user_id));

CREATE TABLE users (
  id text not null primary key, role text not null, name text, image text, custom text not null,
  teams text not null, language text not null, invisible smallint not null,
  created_at bigint not null, updated_at bigint not null, last_active bigint,
  deactivated_at bigint, deactivated_by_id text, deleted_at bigint, deletion text,
  revoke_tokens_issued_before bigint, guest_expires_at bigint);

CREATE INDEX users_created_at on users (created_at, id);

CREATE INDEX users_guest_expires_at on users (guest_expires_at) where guest_expires_at is not null;

CREATE INDEX users_role on users (role);

CREATE TABLE versions (name text not null primary key, version bigint not null);

CREATE TABLE watches (
  connection_id text not null references connections (id) on delete cascade, cid text not null,
  from_seq bigint not null, to_seq bigint, reason text, primary key (connection_id, cid));

CREATE INDEX watches_call on watches (cid);

CREATE TABLE webhook_deliveries (
  id text not null primary key, hook_id text not null, event_id text not null, app_seq bigint not null,
  event_type text not null, lane text not null, bulk smallint not null, state text not null,
  attempts bigint not null, tries bigint not null, next_at bigint not null, started_at bigint,
  last_at bigint, last_status bigint, last_error text, created_at bigint not null, replayed_at bigint,
  done_at bigint, unique (hook_id, event_id));

CREATE INDEX webhook_deliveries_dead on webhook_deliveries (hook_id, created_at) where state = 'dead';

CREATE INDEX webhook_deliveries_done on webhook_deliveries (state, done_at) where done_at is not null;

CREATE INDEX webhook_deliveries_due on webhook_deliveries (hook_id, state, next_at)
  where state in ('retrying', 'slow');

CREATE INDEX webhook_deliveries_heads on webhook_deliveries (hook_id, lane, app_seq)
  where state = 'pending';

CREATE INDEX webhook_deliveries_lanes on webhook_deliveries (hook_id, bulk, lane)
  where state = 'pending';

CREATE INDEX webhook_deliveries_open on webhook_deliveries (app_seq) where done_at is null;
