import type {
  BanId,
  CallCid,
  CallId,
  CallTypeName,
  Capability,
  PermissionRequestId,
  RingId,
  RoleName,
  ServiceKind,
  SessionId,
  TrackKind,
  UserId,
} from '@callgate/contract';
import type { Flag, Json, Millis } from './table-values.ts';
import type { EventHooksTable, WebhookDeliveriesTable } from './webhook-tables.ts';
import type {
  AuditRecordsTable,
  ConnectionsTable,
  IdempotencyKeysTable,
  JobsTable,
  LeasesTable,
  OutboxTable,
  TaskChunksTable,
  TaskOutputsTable,
  TasksTable,
  TimersTable,
  WatchesTable,
} from './work-tables.ts';

export type * from './table-values.ts';
export type * from './webhook-tables.ts';
export type * from './work-tables.ts';

/*
 * The tables, typed: here people, calls and what is said of them. The statements that make them are in migrations/; a test
 * compares both.
 */

/** A random number per cached table: whoever changes the table draws a new one in the same transaction. */
export interface VersionsTable {
  name: 'app' | 'roles' | 'call_types' | 'ip_bans' | 'event_hooks';
  version: number;
}

export interface AppSettingsTable {
  id: 1;
  settings: Json;
  revoke_tokens_issued_before: Millis | null;
  updated_at: Millis;
}

export interface RolesTable {
  name: RoleName;
  rank: number;
  built_in: Flag;
  created_at: Millis;
  updated_at: Millis;
}

export interface UsersTable {
  id: UserId;
  role: RoleName;
  name: string | null;
  image: string | null;
  custom: Json;
  teams: Json;
  language: string;
  invisible: Flag;
  created_at: Millis;
  updated_at: Millis;
  last_active: Millis | null;
  deactivated_at: Millis | null;
  deactivated_by_id: UserId | null;
  deleted_at: Millis | null;
  /** How it was deleted; null while it is not. `hard` cannot be restored. */
  deletion: 'soft' | 'pruning' | 'hard' | null;
  revoke_tokens_issued_before: Millis | null;
  guest_expires_at: Millis | null;
}

/** Addresses that a person was seen from (api.md 0.8); 30 days are kept. */
export interface UserAddressesTable {
  user_id: UserId;
  address: string;
  first_seen_at: Millis;
  last_seen_at: Millis;
}

/** Guests made in the last hour, for the quota per address; older rows are dropped by the next guest. */
export interface GuestStartsTable {
  user_id: UserId;
  /** Canonical IPv4 address, IPv6 /64, or `unknown`. */
  address: string;
  created_at: Millis;
}

export interface UserBlocksTable {
  user_id: UserId;
  blocked_user_id: UserId;
  created_at: Millis;
}

export interface CallTypesTable {
  name: CallTypeName;
  built_in: Flag;
  settings: Json;
  grants: Json;
  notification_settings: Json;
  created_at: Millis;
  updated_at: Millis;
}

export interface CallsTable {
  cid: CallCid;
  type: CallTypeName;
  id: CallId;
  created_by_id: UserId | null;
  team: string | null;
  custom: Json;
  settings_override: Json;
  video: Flag;
  backstage: Flag;
  starts_at: Millis | null;
  ended_at: Millis | null;
  live_started_at: Millis | null;
  live_ended_at: Millis | null;
  /** The current or last session: from the first join to 30 s after the last person left. */
  session_id: string | null;
  session_started_at: Millis | null;
  /** When the last person left; null while somebody is in the call. */
  session_emptied_at: Millis | null;
  /** When somebody last rang; null: never. */
  rung_at: Millis | null;
  /** The end of the session before the last one: what was rung before belongs to that. */
  rings_since: Millis;
  /** Number of the last event of this call. */
  seq: number;
  created_at: Millis;
  updated_at: Millis;
}

export interface CallMembersTable {
  cid: CallCid;
  user_id: UserId;
  role: RoleName;
  custom: Json;
  created_at: Millis;
  updated_at: Millis;
}

export interface CallBlocksTable {
  cid: CallCid;
  user_id: UserId;
  blocked_by_id: UserId | null;
  created_at: Millis;
}

/** What was said last of one capability of one person in one call; absent: roles decide. */
export interface CallGrantsTable {
  cid: CallCid;
  user_id: UserId;
  capability: Capability;
  state: 'granted' | 'revoked';
  changed_by_id: UserId | null;
  changed_at: Millis;
}

export interface CallMutesTable {
  cid: CallCid;
  user_id: UserId;
  kind: TrackKind;
  muted_by_id: UserId | null;
  muted_at: Millis;
}

export interface CallPinsTable {
  cid: CallCid;
  user_id: UserId;
  session_id: SessionId;
  pinned_by_id: UserId | null;
  pinned_at: Millis;
}

/** Raised by a kick: join tokens of a lower epoch are refused. */
export interface CallEpochsTable {
  cid: CallCid;
  user_id: UserId;
  epoch: number;
}

/** One permission of one request; a request for two permissions is two rows. */
export interface PermissionRequestsTable {
  id: PermissionRequestId;
  cid: CallCid;
  user_id: UserId;
  permission: Capability;
  state: 'pending' | 'granted' | 'denied' | 'withdrawn' | 'expired';
  reason: string | null;
  answered_by_id: UserId | null;
  created_at: Millis;
  answered_at: Millis | null;
}

/** Bans in force or lapsed but not yet swept; `cid` is '' for the whole application. */
export interface BansTable {
  id: BanId;
  target_user_id: UserId;
  cid: CallCid | '';
  banned_by_id: UserId | null;
  reason: string | null;
  ip_ban: Flag;
  shadow: Flag;
  delete_messages: string | null;
  created_at: Millis;
  expires_at: Millis | null;
}

export interface IpBansTable {
  ban_id: BanId;
  /** Canonical CIDR, e.g. `203.0.113.7/32`, `2001:db8:1:2::/64`. */
  prefix: string;
  expires_at: Millis | null;
}

/** One device of one person in a call: the truth about who may be in the media (design section 3). */
export interface MediaSessionsTable {
  id: SessionId;
  cid: CallCid;
  user_id: UserId;
  /** `calls.session_id` at the join. */
  call_session_id: string;
  state: 'issued' | 'pending' | 'active' | 'revoked' | 'ended';
  /** The call-level role that the person's token claimed for this call; null: none. */
  role_claim: RoleName | null;
  /** What the participant list shows. */
  shown_role: RoleName;
  anonymous: Flag;
  hidden: Flag;
  epoch: number;
  /** `iat` of the user token that joined; null: a server token, or a token without `iat`. */
  token_issued_at: Millis | null;
  by_server: Flag;
  /** Null for joins by a server token. */
  address: string | null;
  /** The process whose door let it in last. */
  node: string | null;
  /** At the media server; null: there was none when the session was made. */
  identity: string | null;
  /** Of the run of the media server that it is in. */
  boot_id: string | null;
  /** The media server's name of the connection that stands for the session now; a resume must know it. */
  participant_sid: string | null;
  created_at: Millis;
  joined_at: Millis | null;
  ended_at: Millis | null;
  end_reason: string | null;
  /** Set: the session belongs to no user (`user_id` is empty) but to an agent, a recorder, telephony. */
  service_kind: ServiceKind | null;
  /** The configured key that let the service in; null: it dialled the media server itself. */
  service_key: string | null;
  service_name: string | null;
  /** JSON: what its token asks for; null: it has whatever it dialled with. */
  service_grants: string | null;
}

export interface RingsTable {
  id: RingId;
  cid: CallCid;
  caller_id: UserId;
  video: Flag;
  started_at: Millis;
  /** When the caller's ring is cancelled if nobody accepts. */
  cancel_at: Millis;
  /** When those who have not answered have missed it. */
  miss_at: Millis;
  /** Null: people may answer. */
  ended_at: Millis | null;
  end_reason: 'answered' | 'cancelled' | 'timed_out' | null;
}

export interface RingCalleesTable {
  ring_id: RingId;
  user_id: UserId;
  /** 0: hears nothing of it, now and later (docs/spec/ringing.md). */
  told: Flag;
  answer: 'accepted' | 'rejected' | null;
  answered_at: Millis | null;
  missed_at: Millis | null;
}

/** A link into a call that one person may use once (docs/spec/play.md). */
export interface PlayLinksTable {
  /** SHA-256 of the secret, in hexadecimal digits; the secret itself is stored nowhere. */
  secret_hash: string;
  cid: CallCid;
  /** Who its bearer will be. */
  user_id: UserId;
  /** As a member of the call. */
  role: RoleName;
  /** Of a person who is made by the exchange. */
  name: string | null;
  created_by_id: UserId | null;
  /** Made when the server started. */
  at_start: Flag;
  created_at: Millis;
  expires_at: Millis;
  used_at: Millis | null;
}

export interface Tables {
  versions: VersionsTable;
  app_settings: AppSettingsTable;
  roles: RolesTable;
  users: UsersTable;
  user_addresses: UserAddressesTable;
  guest_starts: GuestStartsTable;
  user_blocks: UserBlocksTable;
  call_types: CallTypesTable;
  calls: CallsTable;
  call_members: CallMembersTable;
  call_blocks: CallBlocksTable;
  call_grants: CallGrantsTable;
  call_mutes: CallMutesTable;
  call_pins: CallPinsTable;
  call_epochs: CallEpochsTable;
  permission_requests: PermissionRequestsTable;
  bans: BansTable;
  ip_bans: IpBansTable;
  media_sessions: MediaSessionsTable;
  rings: RingsTable;
  ring_callees: RingCalleesTable;
  play_links: PlayLinksTable;
  tasks: TasksTable;
  task_chunks: TaskChunksTable;
  task_outputs: TaskOutputsTable;
  jobs: JobsTable;
  outbox: OutboxTable;
  connections: ConnectionsTable;
  watches: WatchesTable;
  audit_records: AuditRecordsTable;
  idempotency_keys: IdempotencyKeysTable;
  leases: LeasesTable;
  timers: TimersTable;
  event_hooks: EventHooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}
