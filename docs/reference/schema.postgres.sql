-- The schema on postgres, generated from the migrations. Do not edit.

create table app_settings (
  id bigint not null,
  settings jsonb not null,
  revoke_tokens_issued_before bigint,
  updated_at bigint not null,
  constraint app_settings_pkey PRIMARY KEY (id)
);

create table audit_records (
  id text collate "C" not null,
  at bigint not null,
  action text collate "C" not null,
  actor_kind text collate "C" not null,
  cid text collate "C",
  request_id text collate "C" not null,
  job_id text collate "C",
  actor_id text collate "C",
  as_id text collate "C",
  target_type text collate "C",
  target_id text collate "C",
  reason text collate "C",
  address text collate "C",
  before text collate "C",
  after text collate "C",
  salt text collate "C",
  personal_hash text collate "C" not null,
  seq bigint,
  hash text collate "C",
  constraint audit_records_pkey PRIMARY KEY (id)
);

CREATE INDEX audit_records_actor ON public.audit_records USING btree (actor_id, seq);

CREATE INDEX audit_records_as ON public.audit_records USING btree (as_id, seq) WHERE (as_id IS NOT NULL);

CREATE UNIQUE INDEX audit_records_seq ON public.audit_records USING btree (seq) WHERE (seq IS NOT NULL);

CREATE INDEX audit_records_target ON public.audit_records USING btree (target_id, seq);

CREATE INDEX audit_records_unsealed ON public.audit_records USING btree (id) WHERE (seq IS NULL);

create table bans (
  id text collate "C" not null,
  target_user_id text collate "C" not null,
  cid text collate "C" not null,
  banned_by_id text collate "C",
  reason text collate "C",
  ip_ban smallint not null,
  shadow smallint not null,
  delete_messages text collate "C",
  created_at bigint not null,
  expires_at bigint,
  constraint bans_pkey PRIMARY KEY (id),
  constraint bans_target_user_id_cid_key UNIQUE (target_user_id, cid)
);

CREATE INDEX bans_created_at ON public.bans USING btree (created_at, id);

CREATE INDEX bans_expires_at ON public.bans USING btree (expires_at) WHERE (expires_at IS NOT NULL);

create table call_blocks (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  blocked_by_id text collate "C",
  created_at bigint not null,
  constraint call_blocks_pkey PRIMARY KEY (cid, user_id),
  constraint call_blocks_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX call_blocks_user ON public.call_blocks USING btree (user_id);

create table call_epochs (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  epoch bigint not null,
  constraint call_epochs_pkey PRIMARY KEY (cid, user_id),
  constraint call_epochs_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

create table call_grants (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  capability text collate "C" not null,
  state text collate "C" not null,
  changed_by_id text collate "C",
  changed_at bigint not null,
  constraint call_grants_pkey PRIMARY KEY (cid, user_id, capability),
  constraint call_grants_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX call_grants_user ON public.call_grants USING btree (user_id);

create table call_members (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  role text collate "C" not null,
  custom jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint call_members_pkey PRIMARY KEY (cid, user_id),
  constraint call_members_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX call_members_user ON public.call_members USING btree (user_id);

create table call_mutes (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  kind text collate "C" not null,
  muted_by_id text collate "C",
  muted_at bigint not null,
  constraint call_mutes_pkey PRIMARY KEY (cid, user_id, kind),
  constraint call_mutes_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX call_mutes_user ON public.call_mutes USING btree (user_id);

create table call_pins (
  cid text collate "C" not null,
  user_id text collate "C" not null,
  session_id text collate "C" not null,
  pinned_by_id text collate "C",
  pinned_at bigint not null,
  constraint call_pins_pkey PRIMARY KEY (cid, user_id, session_id),
  constraint call_pins_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

create table call_types (
  name text collate "C" not null,
  built_in smallint not null,
  settings jsonb not null,
  grants jsonb not null,
  notification_settings jsonb not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint call_types_pkey PRIMARY KEY (name)
);

create table calls (
  cid text collate "C" not null,
  type text collate "C" not null,
  id text collate "C" not null,
  created_by_id text collate "C",
  team text collate "C",
  custom jsonb not null,
  settings_override jsonb not null,
  video smallint not null,
  backstage smallint not null,
  starts_at bigint,
  ended_at bigint,
  live_started_at bigint,
  live_ended_at bigint,
  session_id text collate "C",
  session_started_at bigint,
  session_emptied_at bigint,
  seq bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  rung_at bigint,
  rings_since bigint not null default 0,
  constraint calls_pkey PRIMARY KEY (cid)
);

CREATE INDEX calls_created_at ON public.calls USING btree (created_at, cid);

CREATE INDEX calls_type ON public.calls USING btree (type);

create table connections (
  id text collate "C" not null,
  user_id text collate "C" not null,
  node text collate "C" not null,
  opened_at bigint not null,
  closed_at bigint,
  close_reason text collate "C",
  constraint connections_pkey PRIMARY KEY (id)
);

CREATE INDEX connections_closed_at ON public.connections USING btree (closed_at) WHERE (closed_at IS NOT NULL);

CREATE INDEX connections_open ON public.connections USING btree (user_id, node) WHERE (closed_at IS NULL);

create table event_hooks (
  id text collate "C" not null,
  "position" bigint not null,
  enabled smallint not null,
  url text collate "C" not null,
  event_types jsonb not null,
  signing_secret text collate "C",
  gzip smallint not null,
  enabled_at bigint,
  app_seq bigint not null,
  replay_since bigint,
  replay_at bigint,
  created_at bigint not null,
  updated_at bigint not null,
  constraint event_hooks_pkey PRIMARY KEY (id)
);

create table guest_starts (
  user_id text collate "C" not null,
  address text collate "C" not null,
  created_at bigint not null,
  constraint guest_starts_pkey PRIMARY KEY (user_id)
);

CREATE INDEX guest_starts_address ON public.guest_starts USING btree (address, created_at);

CREATE INDEX guest_starts_created_at ON public.guest_starts USING btree (created_at);

create table idempotency_keys (
  scope text collate "C" not null,
  key text collate "C" not null,
  request_hash text collate "C" not null,
  status bigint not null,
  body text collate "C" not null,
  job_id text collate "C",
  created_at bigint not null,
  expires_at bigint not null,
  constraint idempotency_keys_pkey PRIMARY KEY (scope, key)
);

CREATE INDEX idempotency_keys_expires ON public.idempotency_keys USING btree (expires_at);

create table ip_bans (
  ban_id text collate "C" not null,
  prefix text collate "C" not null,
  expires_at bigint,
  constraint ip_bans_pkey PRIMARY KEY (ban_id, prefix),
  constraint ip_bans_ban_id_fkey FOREIGN KEY (ban_id) REFERENCES bans(id) ON DELETE CASCADE
);

CREATE INDEX ip_bans_prefix ON public.ip_bans USING btree (prefix);

create table jobs (
  id text collate "C" not null,
  kind text collate "C" not null,
  state text collate "C" not null,
  scope jsonb not null,
  result jsonb,
  attempts bigint not null,
  run_at bigint not null,
  leased_by text collate "C",
  leased_until bigint,
  created_at bigint not null,
  done_at bigint,
  constraint jobs_pkey PRIMARY KEY (id)
);

CREATE INDEX jobs_pending ON public.jobs USING btree (run_at) WHERE (state = 'pending'::text);

create table leases (
  name text collate "C" not null,
  holder text collate "C" not null,
  fence bigint not null,
  expires_at bigint not null,
  constraint leases_pkey PRIMARY KEY (name)
);

create table media_sessions (
  id text collate "C" not null,
  cid text collate "C" not null,
  user_id text collate "C" not null,
  call_session_id text collate "C" not null,
  state text collate "C" not null,
  role_claim text collate "C",
  shown_role text collate "C" not null,
  anonymous smallint not null,
  hidden smallint not null,
  epoch bigint not null,
  token_issued_at bigint,
  by_server smallint not null,
  address text collate "C",
  node text collate "C",
  identity text collate "C",
  boot_id text collate "C",
  created_at bigint not null,
  joined_at bigint,
  ended_at bigint,
  end_reason text collate "C",
  participant_sid text collate "C",
  service_kind text collate "C",
  service_key text collate "C",
  service_name text collate "C",
  service_grants text collate "C",
  constraint media_sessions_pkey PRIMARY KEY (id),
  constraint media_sessions_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX media_sessions_address ON public.media_sessions USING btree (address, created_at) WHERE (address IS NOT NULL);

CREATE INDEX media_sessions_aside ON public.media_sessions USING btree (ended_at) WHERE ((state = 'issued'::text) AND (ended_at IS NOT NULL));

CREATE INDEX media_sessions_call ON public.media_sessions USING btree (cid, created_at) WHERE (state = ANY (ARRAY['pending'::text, 'active'::text]));

CREATE INDEX media_sessions_ended_address ON public.media_sessions USING btree (ended_at) WHERE ((address IS NOT NULL) AND (ended_at IS NOT NULL));

CREATE INDEX media_sessions_issued ON public.media_sessions USING btree (created_at) WHERE (state = 'issued'::text);

CREATE INDEX media_sessions_of_user ON public.media_sessions USING btree (user_id, id);

CREATE INDEX media_sessions_revoked_call ON public.media_sessions USING btree (cid) WHERE (state = 'revoked'::text);

CREATE INDEX media_sessions_revoked_user ON public.media_sessions USING btree (user_id) WHERE (state = 'revoked'::text);

CREATE INDEX media_sessions_services ON public.media_sessions USING btree (cid, identity) WHERE (service_kind IS NOT NULL);

CREATE INDEX media_sessions_user ON public.media_sessions USING btree (user_id) WHERE (state = ANY (ARRAY['pending'::text, 'active'::text]));

create table outbox (
  id text collate "C" not null,
  type text collate "C" not null,
  cid text collate "C",
  call_seq bigint,
  payload jsonb not null,
  audience jsonb not null,
  created_at bigint not null,
  app_seq bigint,
  concerns jsonb,
  constraint outbox_pkey PRIMARY KEY (id)
);

CREATE UNIQUE INDEX outbox_app_seq ON public.outbox USING btree (app_seq) WHERE (app_seq IS NOT NULL);

CREATE UNIQUE INDEX outbox_call_seq ON public.outbox USING btree (cid, call_seq) WHERE (cid IS NOT NULL);

CREATE INDEX outbox_unsequenced ON public.outbox USING btree (created_at) WHERE (app_seq IS NULL);

create table permission_requests (
  id text collate "C" not null,
  cid text collate "C" not null,
  user_id text collate "C" not null,
  permission text collate "C" not null,
  state text collate "C" not null,
  reason text collate "C",
  answered_by_id text collate "C",
  created_at bigint not null,
  answered_at bigint,
  constraint permission_requests_pkey PRIMARY KEY (id),
  constraint permission_requests_cid_fkey FOREIGN KEY (cid) REFERENCES calls(cid) ON DELETE CASCADE
);

CREATE INDEX permission_requests_call ON public.permission_requests USING btree (cid, state, created_at);

CREATE UNIQUE INDEX permission_requests_pending ON public.permission_requests USING btree (cid, user_id, permission) WHERE (state = 'pending'::text);

CREATE INDEX permission_requests_user ON public.permission_requests USING btree (user_id);

create table play_links (
  secret_hash text collate "C" not null,
  cid text collate "C" not null,
  user_id text collate "C" not null,
  role text collate "C" not null,
  name text collate "C",
  created_by_id text collate "C",
  at_start smallint not null,
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint,
  constraint play_links_pkey PRIMARY KEY (secret_hash)
);

CREATE INDEX play_links_at_start ON public.play_links USING btree (created_at) WHERE (at_start = 1);

CREATE INDEX play_links_expires_at ON public.play_links USING btree (expires_at);

CREATE INDEX play_links_of_call ON public.play_links USING btree (cid, expires_at) WHERE (used_at IS NULL);

create table ring_callees (
  ring_id text collate "C" not null,
  user_id text collate "C" not null,
  told smallint not null,
  answer text collate "C",
  answered_at bigint,
  missed_at bigint,
  constraint ring_callees_pkey PRIMARY KEY (ring_id, user_id)
);

CREATE INDEX ring_callees_person ON public.ring_callees USING btree (user_id, ring_id);

create table rings (
  id text collate "C" not null,
  cid text collate "C" not null,
  caller_id text collate "C" not null,
  video smallint not null,
  started_at bigint not null,
  cancel_at bigint not null,
  miss_at bigint not null,
  ended_at bigint,
  end_reason text collate "C",
  constraint rings_pkey PRIMARY KEY (id)
);

CREATE INDEX rings_of_call ON public.rings USING btree (cid, started_at);

CREATE INDEX rings_started ON public.rings USING btree (started_at);

create table roles (
  name text collate "C" not null,
  rank bigint not null,
  built_in smallint not null,
  created_at bigint not null,
  updated_at bigint not null,
  constraint roles_pkey PRIMARY KEY (name)
);

create table task_chunks (
  task_id text collate "C" not null,
  "position" bigint not null,
  size bigint not null,
  items text collate "C" not null,
  results text collate "C",
  constraint task_chunks_pkey PRIMARY KEY (task_id, "position")
);

create table task_outputs (
  task_id text collate "C" not null,
  item bigint not null,
  page bigint not null,
  subject_id text collate "C" not null,
  lines text collate "C" not null,
  constraint task_outputs_pkey PRIMARY KEY (task_id, item, page)
);

CREATE INDEX task_outputs_subject ON public.task_outputs USING btree (subject_id);

create table tasks (
  id text collate "C" not null,
  type text collate "C" not null,
  status text collate "C" not null,
  total bigint not null,
  done bigint not null,
  result jsonb,
  error jsonb,
  created_at bigint not null,
  updated_at bigint not null,
  input jsonb,
  as_id text collate "C",
  request_id text collate "C" not null default ''::text,
  next_position bigint not null default 0,
  attempts bigint not null default 0,
  run_at bigint not null default 0,
  leased_by text collate "C",
  leased_until bigint not null default 0,
  fence bigint not null default 0,
  settled smallint not null default 1,
  constraint tasks_pkey PRIMARY KEY (id)
);

CREATE INDEX tasks_unsettled ON public.tasks USING btree (run_at) WHERE (settled = 0);

create table timers (
  kind text collate "C" not null,
  key text collate "C" not null,
  due_at bigint not null,
  data jsonb,
  attempts bigint not null,
  constraint timers_pkey PRIMARY KEY (kind, key)
);

CREATE INDEX timers_due ON public.timers USING btree (kind, due_at);

create table user_addresses (
  user_id text collate "C" not null,
  address text collate "C" not null,
  first_seen_at bigint not null,
  last_seen_at bigint not null,
  constraint user_addresses_pkey PRIMARY KEY (user_id, address)
);

CREATE INDEX user_addresses_address ON public.user_addresses USING btree (address, last_seen_at);

CREATE INDEX user_addresses_last_seen_at ON public.user_addresses USING btree (last_seen_at);

create table user_blocks (
  user_id text collate "C" not null,
  blocked_user_id text collate "C" not null,
  created_at bigint not null,
  constraint user_blocks_pkey PRIMARY KEY (user_id, blocked_user_id)
);

create table users (
  id text collate "C" not null,
  role text collate "C" not null,
  name text collate "C",
  image text collate "C",
  custom jsonb not null,
  teams jsonb not null,
  language text collate "C" not null,
  invisible smallint not null,
  created_at bigint not null,
  updated_at bigint not null,
  last_active bigint,
  deactivated_at bigint,
  deactivated_by_id text collate "C",
  deleted_at bigint,
  deletion text collate "C",
  revoke_tokens_issued_before bigint,
  guest_expires_at bigint,
  constraint users_pkey PRIMARY KEY (id)
);

CREATE INDEX users_created_at ON public.users USING btree (created_at, id);

CREATE INDEX users_guest_expires_at ON public.users USING btree (guest_expires_at) WHERE (guest_expires_at IS NOT NULL);

CREATE INDEX users_role ON public.users USING btree (role);

create table versions (
  name text collate "C" not null,
  version bigint not null,
  constraint versions_pkey PRIMARY KEY (name)
);

create table watches (
  connection_id text collate "C" not null,
  cid text collate "C" not null,
  from_seq bigint not null,
  to_seq bigint,
  reason text collate "C",
  constraint watches_pkey PRIMARY KEY (connection_id, cid),
  constraint watches_connection_id_fkey FOREIGN KEY (connection_id) REFERENCES connections(id) ON DELETE CASCADE
);

CREATE INDEX watches_call ON public.watches USING btree (cid);

create table webhook_deliveries (
  id text collate "C" not null,
  hook_id text collate "C" not null,
  event_id text collate "C" not null,
  app_seq bigint not null,
  event_type text collate "C" not null,
  lane text collate "C" not null,
  bulk smallint not null,
  state text collate "C" not null,
  attempts bigint not null,
  tries bigint not null,
  next_at bigint not null,
  started_at bigint,
  last_at bigint,
  last_status bigint,
  last_error text collate "C",
  created_at bigint not null,
  replayed_at bigint,
  done_at bigint,
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_hook_id_event_id_key UNIQUE (hook_id, event_id)
);

CREATE INDEX webhook_deliveries_dead ON public.webhook_deliveries USING btree (hook_id, created_at) WHERE (state = 'dead'::text);

CREATE INDEX webhook_deliveries_done ON public.webhook_deliveries USING btree (state, done_at) WHERE (done_at IS NOT NULL);

CREATE INDEX webhook_deliveries_due ON public.webhook_deliveries USING btree (hook_id, state, next_at) WHERE (state = ANY (ARRAY['retrying'::text, 'slow'::text]));

CREATE INDEX webhook_deliveries_heads ON public.webhook_deliveries USING btree (hook_id, lane, app_seq) WHERE (state = 'pending'::text);

CREATE INDEX webhook_deliveries_lanes ON public.webhook_deliveries USING btree (hook_id, bulk, lane) WHERE (state = 'pending'::text);

CREATE INDEX webhook_deliveries_open ON public.webhook_deliveries USING btree (app_seq) WHERE (done_at IS NULL);
