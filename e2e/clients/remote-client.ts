import { bounded } from './bounded.ts';
import {
  type ConnectionEvent,
  type MediaClient,
  MediaClientError,
  type MediaKind,
  type Received,
  type SeenPermissions,
  type SeenTrack,
} from './media-client.ts';

/** An answer as the page and the Python program give it. */
interface Answer {
  value?: unknown;
  error?: { message: string; reason?: string; status?: number };
}

/** Where a client lives that is asked by commands in JSON: a page of a browser, a process. */
export interface ClientHost {
  readonly name: string;
  /** Runs a command of the client; its answer as JSON text. */
  command(name: string, args: object): Promise<string>;
  close(): Promise<void>;
}

/** livekit-client gives up publishing after 10 s and connecting after two tries of 15 s. */
const ANSWERS_WITHIN_MS = 40_000;

/** The client behind a host. */
export function remoteClient(host: ClientHost): MediaClient {
  const ask = async <Value>(name: string, args: object = {}): Promise<Value> => {
    const text = await bounded(host.command(name, args), `${host.name}: ${name}`, ANSWERS_WITHIN_MS);
    const { value, error } = JSON.parse(text) as Answer;
    if (error) throw new MediaClientError(error.message, error.reason, error.status);
    return value as Value;
  };
  let closed: Promise<void> | undefined;
  return {
    name: host.name,
    join: (url, token) => ask('join', { url, token }),
    publish: (kind) => ask('publish', { kind }),
    unpublish: (kind) => ask('unpublish', { kind }),
    mute: (kind) => ask('mute', { kind }),
    unmute: (kind) => ask('unmute', { kind }),
    isMuted: (kind) => ask<boolean | undefined>('isMuted', { kind }),
    sent: (kind) => ask<number>('sent', { kind }),
    received: (prefix, kind: MediaKind) => ask<Received>('received', { prefix, kind }),
    participants: () => ask<string[]>('participants'),
    tracks: () => ask<SeenTrack[]>('tracks'),
    permissions: () => ask<SeenPermissions | undefined>('permissions'),
    events: () => ask<ConnectionEvent[]>('events'),
    sendData: (bytes) => ask('sendData', { bytes: [...bytes] }),
    dataReceived: async () => {
      const kept = await ask<{ identity: string; bytes: number[] }[]>('dataReceived');
      return kept.map(({ identity, bytes }) => ({ identity, bytes: Uint8Array.from(bytes) }));
    },
    dropSignal: () => ask('dropSignal'),
    leave: () => ask('leave'),
    close() {
      closed ??= ask('leave')
        .catch(() => {})
        .then(() => host.close());
      return closed;
    },
  };
}
