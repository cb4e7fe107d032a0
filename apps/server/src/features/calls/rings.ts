import type { SessionId, UserId } from '@callgate/contract';
import type { Act } from '../enforcement/index.ts';
import { isSessionRunning } from './call.ts';
import type { CallRow } from './calls.store.ts';

/** What a request that makes, changes or joins a call says of ringing. */
export interface RingWishes {
  ring?: boolean | undefined;
  notify?: boolean | undefined;
  /** Ring as a video call; default as the call says. */
  video?: boolean | undefined;
}

export interface RingAsked extends RingWishes {
  call: CallRow;
  /** Who rings, when a server token names somebody; a user token's own user otherwise. */
  named?: UserId | undefined;
  /** Whom to ring; default all members. */
  only?: readonly UserId[] | undefined;
  /** What an error about the whole names; default `ring` or `notify`. */
  field?: string;
}

/** Ringing, decided and not told yet. */
export interface Ring {
  /** Members who hear nothing of it. */
  silent: readonly UserId[];
  /** For the audit record: whom it reaches; undefined when nobody is rung or notified anew. */
  audit: Record<string, unknown> | undefined;
  /** Writes the ring and states its events, in which `sessionId` is the session to come to; '' while there is none. */
  start(sessionId: string): Promise<void>;
}

/**
 * Who is rung, when the caller may ring: 403/17 for the banned and for people who are no members, 400/4 in an ended call.
 * The work of `features/ringing`, which stands to the right of this folder; `app.ts` hands it in. Hold `call:<cid>`.
 */
export type Rings = (act: Act, asked: RingAsked) => Promise<Ring>;

export const NO_RING: Ring = { silent: [], audit: undefined, start: async () => undefined };

/** Asks `rings` when the request wants any of it. */
export const ringIfAsked = (rings: Rings, act: Act, asked: RingAsked): Promise<Ring> =>
  asked.ring || asked.notify ? rings(act, asked) : Promise.resolve(NO_RING);

/** The session that a ring of now belongs to. */
export const runningSession = (call: CallRow, now: number): SessionId | '' =>
  isSessionRunning(call, now) ? (call.session_id as SessionId) : '';
