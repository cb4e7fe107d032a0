/** What a person can send: LiveKit's four named sources. */
export type MediaKind = 'microphone' | 'camera' | 'screen' | 'screen-audio';
export const MEDIA_KINDS: readonly MediaKind[] = ['microphone', 'camera', 'screen', 'screen-audio'];

/** A step of a connection's life, in the order in which the SDK told it. */
export interface ConnectionEvent {
  state: 'connected' | 'reconnecting' | 'reconnected' | 'disconnected';
  /** Of `disconnected`: the name of LiveKit's DisconnectReason, e.g. `PARTICIPANT_REMOVED`. */
  reason?: string;
}

/** A published track as the client sees it, its own included. */
export interface SeenTrack {
  identity: string;
  /** `unknown`: a source that LiveKit has no name for. */
  kind: MediaKind | 'unknown';
  sid: string;
  muted: boolean;
  /** Whether the client holds the track itself; true for its own. */
  subscribed: boolean;
}

/** The client's own permission as its SDK holds it. */
export interface SeenPermissions {
  canPublish: boolean;
  canSubscribe: boolean;
  canPublishData: boolean;
  /** Empty: every source. Sources without a kind are named in LiveKit's words. */
  canPublishSources: string[];
}

/** What arrived of somebody's track; cumulative over all subscriptions and connections of this client. */
export interface Received {
  /** RTP packets. */
  packets: number;
  /** Decoded frames; 0 for audio. */
  frames: number;
}

export interface ReceivedData {
  /** Who sent it, empty when the server did. */
  identity: string;
  bytes: Uint8Array;
}

/** A join or publication that the SDK gave up, in the SDK's words. */
export class MediaClientError extends Error {
  override readonly name = 'MediaClientError';
  /** The SDK's word for the reason, e.g. `NotAllowed`; undefined where it has none. */
  readonly reason: string | undefined;
  /** The HTTP status that the SDK tells, where it does. */
  readonly status: number | undefined;

  constructor(message: string, reason?: string, status?: number) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

/**
 * A published LiveKit SDK with fake devices. All counters come from the SDK's WebRTC statistics and never fall, except
 * that `close` ends them. Everything rejects with MediaClientError when the SDK refuses, and after a bound of at most
 * 40 s when it does not answer.
 */
export interface MediaClient {
  /** E.g. `chromium, livekit-client 2.23.0`. */
  readonly name: string;
  /** Connects; again after `leave` or a disconnect makes a new connection. `url` begins with `ws:` or `http:`. */
  join(url: string, token: string): Promise<void>;
  publish(kind: MediaKind): Promise<void>;
  unpublish(kind: MediaKind): Promise<void>;
  /** Asks the SDK; what it shows (`isMuted`) may follow some milliseconds later. */
  mute(kind: MediaKind): Promise<void>;
  unmute(kind: MediaKind): Promise<void>;
  /** As the client shows it; undefined: it publishes no such track. */
  isMuted(kind: MediaKind): Promise<boolean | undefined>;
  /** RTP packets sent of the kind so far, over all of its publications. */
  sent(kind: MediaKind): Promise<number>;
  /** What arrived of the kind from everybody whose identity begins with the prefix. */
  received(identityPrefix: string, kind: MediaKind): Promise<Received>;
  /** Identities of the others in the room. */
  participants(): Promise<string[]>;
  tracks(): Promise<SeenTrack[]>;
  /** Undefined before the first join, and where the SDK does not tell. */
  permissions(): Promise<SeenPermissions | undefined>;
  events(): Promise<ConnectionEvent[]>;
  /** Reliable, to everybody. */
  sendData(bytes: Uint8Array): Promise<void>;
  /** In the order of arrival; at most the newest 1,000. */
  dataReceived(): Promise<ReceivedData[]>;
  /** Loses the signalling connection while media stays up, so that the SDK resumes. */
  dropSignal(): Promise<void>;
  leave(): Promise<void>;
  /** Ends the client for good: leaves, and frees what it holds. Safe to call twice. */
  close(): Promise<void>;
}

/** A kind of client that this run has; clients of one engine share a process where the engine allows. */
export interface ClientEngine {
  readonly name: string;
  open(): Promise<MediaClient>;
  /** The origin of its pages, for servers that let in browsers by list; absent for what is no browser. */
  origin?(): Promise<string>;
  /** Ends what its clients shared. Safe to call twice. */
  stop(): Promise<void>;
}
