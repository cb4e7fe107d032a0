/**
 * The control pipe between the server and the media server, its child: JSON, one message a line, both ways over one
 * descriptor. Nothing of it stands in arguments or in the environment, where other processes could read secrets.
 */
export const CONTROL_FD = 3;
/** Longest line in characters. */
export const MAX_LINE = 256 * 1024;
/**
 * How often the parent says that it is there, and after how long without it the child ends, in milliseconds. A server that starts on a
 * busy machine was seen to say nothing for 3 s. One that says nothing answers no act either, so none can be applied meanwhile.
 */
export const BEAT_EVERY_MS = 500;
export const BEAT_LOST_MS = 5_000;

/** What the media server is started with. */
export interface SfuSettings {
  /** Secrets by API key; the first key signs reports and clients' refreshed tokens. At least 16 characters each. */
  readonly keys: Readonly<Record<string, string>>;
  /** Address and port of signalling and API; port 0: any. Default: 127.0.0.1, 0. */
  readonly host: string;
  readonly port: number;
  /** Port of all media. Default 7882. */
  readonly udpPort: number;
  /** Address at which media listens; default: all of the machine. */
  readonly udpHost?: string;
  /** Address that clients are told, where it is another than the machine's (NAT). */
  readonly advertisedAddress?: string;
  /** STUN and TURN servers that clients are told. */
  readonly iceServers: readonly IceServer[];
  /** Where it is reported what happens in rooms; default: nowhere. */
  readonly webhookUrl?: string;
  /** Whether joining makes a room that is not there. Default: true, as LiveKit's. */
  readonly autoCreate: boolean;
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

/** From the server to the media server. `start` comes first, once; its settings are read by `readSettings`. */
export type ToChild =
  | { readonly type: 'start'; readonly settings: unknown }
  | { readonly type: 'beat' }
  /** Clients are told, then it ends. */
  | { readonly type: 'stop' };

/** From the media server. */
export type FromChild =
  /** Signalling and API answer at `url` (`http://127.0.0.1:7880`). Once. */
  | { readonly type: 'listening'; readonly url: string; readonly bootId: string }
  /** It cannot start: what, and what to do. It ends. */
  | { readonly type: 'failed'; readonly message: string }
  /** To each beat. */
  | { readonly type: 'alive' }
  /** For the log; nothing secret. */
  | { readonly type: 'note'; readonly message: string };
