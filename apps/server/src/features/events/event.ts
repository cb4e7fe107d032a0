import type { CallCid, UserId } from '@callgate/contract';

/** Who may hear an event, fixed when it is committed (design section 6). */
export interface Audience {
  /** All members of the call at the commit. */
  members?: true;
  /** Those of the members who hear nothing. */
  except?: readonly UserId[];
  /** Everybody watching the call. */
  watchers?: true;
  /** Named people. */
  users?: readonly UserId[];
  /** Webhooks only, when nothing else is set. */
}

/**
 * An audience as it is stored: members by name, or `many` for those of the delivery. Members and watchers hear what
 * they may read when it is told; named people are those whom it is about, and hear it whatever became of them.
 */
export interface StoredAudience {
  members?: readonly UserId[] | 'many';
  /** Beside `many`. */
  except?: readonly UserId[];
  watchers?: true;
  users?: readonly UserId[];
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
