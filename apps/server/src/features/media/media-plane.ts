import type { CallCid, ServiceKind, SessionId, TrackKind, UserId } from '@callgate/contract';

/** A session as the media server must be told of it. */
export interface MediaSession {
  id: SessionId;
  cid: CallCid;
  userId: UserId;
  /** Its name at the media server, made by `identityOf`. */
  identity: string;
}

/** What the media server must hold of one session: everything, never a difference. */
export interface WantedMedia {
  /** What may be published. */
  kinds: ReadonlySet<TrackKind>;
  /** What is silenced although it may be published (api.md 0.6). */
  muted: ReadonlySet<TrackKind>;
  /** Whether data packets may be sent. */
  sendsData: boolean;
  /** Announced to nobody. */
  isHidden: boolean;
  /** Neither media nor presence of these people may reach the person, nor theirs them (api.md 0.16). */
  hiddenPeople: ReadonlySet<UserId>;
  /** Somebody may be hidden from somebody in this call, so the media server subscribes nobody by itself. */
  hidesPeople: boolean;
  name: string;
  /** JSON for applications: `{user_id, session_id, role, image?}`; of a service `{session_id, service}`. */
  metadata: string;
  /** What it is when it is nobody's device; null: a person's. */
  service: ServiceKind | null;
  /** Whether media of others reaches it. */
  receives: boolean;
}

/** What came of telling the media server. */
export interface Applied {
  /** False: it does not know the session (yet, or any more). */
  isThere: boolean;
  /** Tracks that were silenced or unpublished, as far as the media server says so; its door knows better. */
  tracks: number;
}

/** A participant as the media server lists one. */
export interface SeenParticipant {
  identity: string;
  sid: string;
  /** What it is when it is nobody's device: recording, telephony, an agent. */
  service: ServiceKind | null;
  name: string;
  isHidden: boolean;
  /** What it holds of this session is what is wanted. */
  holds(wanted: WantedMedia): boolean;
}

/** What the media server reports of a participant. */
export interface MediaNews {
  what: 'joined' | 'left' | 'published';
  cid: CallCid;
  participant: SeenParticipant;
}

/** The port to the media server. `noMediaPlane` answers honestly that nothing was bound. */
export interface MediaPlane {
  /** False: no media server is configured, and every act answers `no_media`. */
  readonly configured: boolean;
  /** Where the door connects for this session, with a token that no client ever sees. */
  dial(session: MediaSession, wanted: WantedMedia): Promise<{ url: string; token: string }>;
  /** Brings one session to what is wanted; resolves when the media server answered. */
  apply(session: MediaSession, wanted: WantedMedia): Promise<Applied>;
  /** Removes a session; resolves when the media server answered `gone` or `not there`. */
  remove(session: Pick<MediaSession, 'cid' | 'identity'>): Promise<Applied>;
  /** Makes the room of a call where the media server does not make rooms by itself. */
  openRoom(cid: CallCid): Promise<void>;
  /** Calls that the media server has a room for. */
  calls(): Promise<CallCid[]>;
  participants(cid: CallCid): Promise<SeenParticipant[]>;
  /** Reads a report of the media server; undefined: nothing that concerns us. */
  receive(body: string, authorization: string | undefined): Promise<MediaNews | undefined | 'forged'>;
}

const NOTHING: Applied = { isThere: false, tracks: 0 };

/** No media server: there is nothing to bind. */
export const noMediaPlane: MediaPlane = {
  configured: false,
  dial: () => Promise.reject(new Error('no media server is configured')),
  apply: async () => NOTHING,
  remove: async () => NOTHING,
  openRoom: async () => undefined,
  calls: async () => [],
  participants: async () => [],
  receive: async () => 'forged',
};

/** Media servers take 256 characters. */
const IDENTITY_USER_LENGTH = 200;

/**
 * What the media server calls a session: the person for readers, the session to be unique, since a second participant
 * of the same identity would throw out the first.
 */
export const identityOf = (userId: UserId, id: SessionId): string =>
  `${userId.slice(0, IDENTITY_USER_LENGTH)}#${id}`;

/** The session of an identity; undefined for an identity that is not ours. */
export const sessionOfIdentity = (identity: string): SessionId | undefined => {
  const at = identity.lastIndexOf('#');
  return at === -1 ? undefined : (identity.slice(at + 1) as SessionId);
};

/** Whether an identity is of one of these people. */
export const isOfPeople = (people: ReadonlySet<UserId>): ((identity: string) => boolean) => {
  const prefixes = new Set([...people].map((id) => id.slice(0, IDENTITY_USER_LENGTH)));
  return (identity) => prefixes.has(identity.slice(0, Math.max(0, identity.lastIndexOf('#'))));
};
