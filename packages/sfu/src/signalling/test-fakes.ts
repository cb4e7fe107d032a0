import type {
  MediaPeer,
  MediaPeerHandlers,
  ReceivedSection,
  SentSection,
  Wish,
} from '../media/media-peer.ts';
import { FINGERPRINT } from '../sdp/test-descriptions.ts';
import type {
  DataLabel,
  LocalParameters,
  RemoteParameters,
  Transport,
  TransportHandlers,
  Transports,
} from '../transport/transport.ts';

/** A transport that goes nowhere: what it was told stands in its fields, and tests say what happens to it. */
export interface FakeTransport extends Transport {
  readonly handlers: TransportHandlers;
  readonly accepted: RemoteParameters[];
  readonly answers: RemoteParameters[];
  readonly heard: string[];
  readonly data: { label: DataLabel; bytes: Uint8Array }[];
  isClosed: boolean;
}

/** Makes fake transports, in the order in which they were asked for. */
export function fakeTransports(): Transports & { readonly made: FakeTransport[] } {
  const made: FakeTransport[] = [];
  return {
    made,
    create(handlers) {
      const parameters = (setup: LocalParameters['setup']): LocalParameters => ({
        ...{
          ufrag: `u${made.indexOf(transport)}`,
          pwd: 'abcdefghijklmnopqrstuvwx',
          fingerprint: FINGERPRINT,
          setup,
        },
        candidates: ['candidate:1 1 UDP 2122317823 127.0.0.1 7882 typ host'],
      });
      const transport: FakeTransport = {
        handlers,
        accepted: [],
        answers: [],
        heard: [],
        data: [],
        isClosed: false,
        async accept(remote) {
          transport.accepted.push(remote);
          return parameters('passive');
        },
        offer: async () => parameters('actpass'),
        answered: (remote) => void transport.answers.push(remote),
        hear: (candidate) => void transport.heard.push(candidate),
        sendRtp: () => true,
        sendRtcp: () => true,
        sendData: (label, bytes) => !transport.isClosed && transport.data.push({ label, bytes }) > 0,
        close() {
          if (transport.isClosed) return;
          transport.isClosed = true;
          handlers.onClosed();
        },
      };
      made.push(transport);
      return transport;
    },
    close() {
      for (const transport of made) transport.close();
    },
  };
}

/** Somebody's media that counts nothing: what holds of it stands in its fields. */
export interface FakeMedia extends MediaPeer {
  readonly handlers: MediaPeerHandlers;
  readonly receiving: Map<string, ReceivedSection>;
  readonly muted: Map<string, boolean>;
  readonly sending: Map<string, { section: SentSection; from: MediaPeer }>;
  readonly wishes: Map<string, Wish>;
  level: number | undefined;
  loss: number;
  isClosed: boolean;
}

/** `made`: in the order in which participants came. */
export function fakeMedia(made: FakeMedia[]): (handlers: MediaPeerHandlers) => MediaPeer {
  return (handlers) => {
    const nothing = (): void => undefined;
    const media: FakeMedia = {
      ...{ handlers, receiving: new Map(), muted: new Map(), sending: new Map(), wishes: new Map() },
      ...{ level: undefined, loss: 0, isClosed: false },
      attachPublisher: nothing,
      attachSubscriber: nothing,
      onRtp: nothing,
      onRtcp: nothing,
      receive: (section) => void media.receiving.set(section.trackSid, section),
      stopReceiving: (sid) => void media.receiving.delete(sid),
      setMuted: (sid, muted) => void media.muted.set(sid, muted),
      received: () => undefined,
      send: (section, from) => void media.sending.set(section.trackSid, { section, from }),
      stopSending: (sid) => void media.sending.delete(sid),
      setWish: (sid, wish) => void media.wishes.set(sid, wish),
      sent: (sid) => (media.sending.has(sid) ? { packets: 0, bytes: 0, lastAt: 0 } : undefined),
      dropped: () => 0,
      takeAudioLevel: () => media.level,
      lossSeen: () => media.loss,
      close() {
        media.isClosed = true;
      },
    };
    made.push(media);
    return media;
  };
}
