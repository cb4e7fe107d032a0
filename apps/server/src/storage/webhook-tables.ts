import type { DeliveryId, EventId, HookId } from '@callgate/contract';
import type { Flag, Json, Millis } from './table-values.ts';

/** Where events are sent to; a row per webhook. */
export interface EventHooksTable {
  id: HookId;
  /** The place in the list that was set. */
  position: number;
  enabled: Flag;
  url: string;
  /** Names of events; an empty list: all. */
  event_types: Json;
  /** Null: the secret of the application signs. */
  signing_secret: string | null;
  gzip: Flag;
  /** When it was last switched on: what happened before is not sent. */
  enabled_at: Millis | null;
  /** The last event that was looked at for it (`outbox.app_seq`). */
  app_seq: number;
  /** Dead and slow deliveries planned since are being sent again; null: none. */
  replay_since: Millis | null;
  /** When that was asked for. */
  replay_at: Millis | null;
  created_at: Millis;
  updated_at: Millis;
}

/** One event on its way to one hook. The body is made of the event when it is sent. */
export interface WebhookDeliveriesTable {
  /** `X-WEBHOOK-ID`. */
  id: DeliveryId;
  hook_id: HookId;
  event_id: EventId;
  /** The event's place in the order of the application. */
  app_seq: number;
  event_type: string;
  /** What keeps its order: `call:<cid>`, `user:<id>` or `app`. */
  lane: string;
  /** One of very many of its kind: others go first. */
  bulk: Flag;
  state: 'pending' | 'retrying' | 'slow' | 'delivered' | 'dead';
  /** All attempts; `X-WEBHOOK-ATTEMPT` is one more. */
  attempts: number;
  /** Attempts of the schedule that it is in. */
  tries: number;
  next_at: Millis;
  /** The first attempt since it was planned or sent again. */
  started_at: Millis | null;
  last_at: Millis | null;
  last_status: number | null;
  last_error: string | null;
  created_at: Millis;
  replayed_at: Millis | null;
  /** When it was delivered or given up. */
  done_at: Millis | null;
}
