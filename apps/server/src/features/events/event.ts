import type { CallCid, UserId } from '@callgate/contract';

/** Who may hear an event, fixed when it is committed (design section 6). */
export interface Audience {
  /** All members of the call (those of the moment of the commit). */
  members?: true;
  /** Everybody watching the call. */
  watchers?: true;
  /** Named people. */
  users?: readonly UserId[];
  /** Webhooks only, when nothing else is set. */
}

/** An event as an act states it; `event_id`, `type` and `created_at` are added when it is written. */
export interface EventDraft {
  type: string;
  /** The call it belongs to; absent: none. */
  cid?: CallCid;
  audience: Audience;
  /** The documented fields of the event (api.md 6.2; schemas in packages/contract). */
  payload: Record<string, unknown>;
}
