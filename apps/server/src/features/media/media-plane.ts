import type { CallCid, SessionId, UserId } from '@callgate/contract';
import type { ParticipantPolicy } from '../policy/index.ts';

/** A session as the media server must be told of it. */
export interface MediaSession {
  id: SessionId;
  cid: CallCid;
  userId: UserId;
}

/**
 * The port to the media server. Its real adapter comes with the door; until then `noMediaPlane` answers
 * honestly that nothing was bound.
 */
export interface MediaPlane {
  /** False: no media server is configured, and every act answers `no_media`. */
  readonly configured: boolean;
  /** Brings one session at the media server to what policy says now; resolves when it answered. */
  apply(session: MediaSession, policy: ParticipantPolicy): Promise<{ tracks: number }>;
  /** Removes a session from the media server; resolves when it answered `gone` or `not there`. */
  remove(session: MediaSession, reason: string): Promise<{ tracks: number }>;
}

/** No media server: there is nothing to bind. */
export const noMediaPlane: MediaPlane = {
  configured: false,
  apply: async () => ({ tracks: 0 }),
  remove: async () => ({ tracks: 0 }),
};
