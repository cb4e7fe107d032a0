import type { AuditId, CallCid, ConnectionId, EventId, JobId, TaskId, UserId } from '@callgate/contract';
import type { Flag, Json, JsonText, Millis } from './table-values.ts';

/*
 * What happened and what is to be done: events, sockets, tasks, timers, the audit log and what keeps workers apart.
 */

export interface TasksTable {
  id: TaskId;
  type: string;
  status: 'pending' | 'running' | 'completed' | 'failed' | 'cancelled';
  total: number;
  done: number;
  /** Of a task whose work was done within the request; otherwise the chunks say it. */
  result: Json | null;
  error: Json | null;
  created_at: Millis;
  updated_at: Millis;
  /** What its handler needs to know beside the ids. */
  input: Json | null;
  /** On whose behalf a server token asked. */
  as_id: UserId | null;
  request_id: string;
  /** The first id that is not done, counted from 0. */
  next_position: number;
  /** Failures in a row. */
  attempts: number;
  /** Not to be tried again before. */
  run_at: Millis;
  leased_by: string | null;
  leased_until: Millis;
  /** Grows with each change of hands. */
  fence: number;
  /** Whether it has ended and everything that follows its end is done. */
  settled: Flag;
}

/** Some of the ids of a task, which are done in one piece. */
export interface TaskChunksTable {
  task_id: TaskId;
  /** Of its first id among those of the task, from 0. */
  position: number;
  size: number;
  /** A list of ids. */
  items: JsonText;
  /** As long as `items`: null for what worked, otherwise why not. Null until it is done. */
  results: JsonText | null;
}

/** What a task found about one of its ids, in pieces of some 64 KB. */
export interface TaskOutputsTable {
  task_id: TaskId;
  /** The position of the id. */
  item: number;
  page: number;
  subject_id: UserId;
  /** JSON objects, one a line. */
  lines: string;
}

/** Work to do after a commit (enforcement now; timers and webhooks join later). */
export interface JobsTable {
  id: JobId;
  kind: 'enforcement';
  state: 'pending' | 'done' | 'dead';
  scope: Json;
  result: Json | null;
  attempts: number;
  run_at: Millis;
  leased_by: string | null;
  leased_until: Millis | null;
  created_at: Millis;
  done_at: Millis | null;
}

/** What happened, written in the act's transaction; told to others in the order of `app_seq`. */
export interface OutboxTable {
  id: EventId;
  type: string;
  cid: CallCid | null;
  /** Number within the call; null for events of no call. */
  call_seq: number | null;
  payload: Json;
  audience: Json;
  created_at: Millis;
  /** Application-wide order from 1 without gaps, given after the commit. */
  app_seq: number | null;
  /** Whose policy the act may have changed (its enforcement job's scope); null: nobody's. */
  concerns: Json | null;
}

/** One event socket; closed ones are kept for the time in which they may be resumed. */
export interface ConnectionsTable {
  id: ConnectionId;
  user_id: UserId;
  /** The process that holds the socket. */
  node: string;
  opened_at: Millis;
  closed_at: Millis | null;
  close_reason: string | null;
}

/** One call that one socket watches: its events from behind `from_seq` up to `to_seq`. */
export interface WatchesTable {
  connection_id: ConnectionId;
  cid: CallCid;
  from_seq: number;
  /** Null while it goes on. */
  to_seq: number | null;
  /** Why it ended. */
  reason: string | null;
}

/**
 * One record per act. The columns from `actor_id` to `after` are personal: hashed into `personal_hash` with
 * `salt`, erasable (set to null) without breaking the chain. `seq` and `hash` are null until the sequencer
 * has chained the record.
 */
export interface AuditRecordsTable {
  id: AuditId;
  at: Millis;
  action: string;
  actor_kind: 'server' | 'user' | 'system';
  cid: CallCid | null;
  request_id: string;
  job_id: JobId | null;
  actor_id: UserId | null;
  /** On whose behalf a server token acted (`banned_by_id`, `muted_by_id`, `created_by_id`...). */
  as_id: UserId | null;
  target_type: string | null;
  target_id: string | null;
  reason: string | null;
  address: string | null;
  before: JsonText | null;
  after: JsonText | null;
  salt: string | null;
  personal_hash: string;
  seq: number | null;
  hash: string | null;
}

/** 24 h of answered writes. `scope` is who sent it: `server` or `user:<id>`. */
export interface IdempotencyKeysTable {
  scope: string;
  key: string;
  request_hash: string;
  status: number;
  body: JsonText;
  job_id: JobId | null;
  created_at: Millis;
  expires_at: Millis;
}

/** One worker among many; `fence` grows with each change of hands. */
export interface LeasesTable {
  name: string;
  holder: string;
  fence: number;
  expires_at: Millis;
}

/** What the server does later: one row per thing of a kind, gone in the transaction of its effect (ADR 12). */
export interface TimersTable {
  /** `<feature>.<what>`, e.g. `ban.end`. */
  kind: string;
  /** Which one of the kind, e.g. the id of the ban. */
  key: string;
  due_at: Millis;
  data: Json | null;
  /** How often its work has failed since it was set. */
  attempts: number;
}
