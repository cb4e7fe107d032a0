import {
  AddTrackRequest,
  SessionDescription,
  SignalRequest,
  SignalResponse,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { vi } from 'vitest';
import type { WebSocket } from 'ws';
import type { FakeMedia, FakeTransport } from './test-fakes.ts';
import { type TestSection, testSdp } from './test-sdp.ts';

type Request = SignalRequest['message'];
type Response = SignalResponse['message'];
type ResponseOf<Case extends Response['case']> = (Response & { case: Case })['value'];

/** On a busy machine a message was seen to take 5 s. */
const WITHIN_MS = 20_000;

/** Waits until `look` throws no more. */
export const eventually = (look: () => void): Promise<void> => vi.waitFor(look, WITHIN_MS);

/** A signalling connection by hand. */
export interface TestClient {
  readonly messages: SignalResponse[];
  /** Of the first connection: its participant's fakes. */
  readonly media: FakeMedia;
  readonly transport: () => FakeTransport;
  sid(): string;
  /** Waits for the message of that name for which `test` holds; of those that came, the first. */
  until<Case extends Response['case']>(
    name: Case,
    test?: (value: ResponseOf<Case>) => boolean,
  ): Promise<ResponseOf<Case>>;
  /** Those that came so far. */
  all<Case extends Response['case']>(name: Case): ResponseOf<Case>[];
  send(message: Request): void;
  sendRaw(bytes: Uint8Array | string): void;
  /** Resolves once everything that was sent before is handled. */
  settled(): Promise<void>;
  offer(sections: readonly TestSection[], id: number, ufrag?: string): Promise<ResponseOf<'answer'>>;
  readonly closed: Promise<number>;
  drop(): void;
}

/** Of a socket that is being opened; its participant's fakes are the next that are made. */
export function testClient(
  ws: WebSocket,
  media: () => FakeMedia[],
  transports: () => FakeTransport[],
): TestClient {
  const messages: SignalResponse[] = [];
  const [mediaAt, transportAt] = [media().length, transports().length];
  const looks = new Set<() => void>();
  ws.on('message', (bytes) => {
    messages.push(SignalResponse.fromBinary(bytes as Buffer));
    for (const look of [...looks]) look();
  });
  const closed = new Promise<number>((resolve) => ws.once('close', resolve));
  const all: TestClient['all'] = (name) =>
    messages.flatMap(({ message }) => (message.case === name ? [message.value as never] : []));
  let pings = 1_000n;
  const client: TestClient = {
    messages,
    closed,
    all,
    get media() {
      return media()[mediaAt] as FakeMedia;
    },
    transport: () => transports()[transportAt] as FakeTransport,
    sid: () => all('join')[0]?.participant?.sid ?? '',
    until: (name, test = () => true) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = all(name).find((value) => test(value));
          if (found === undefined) return;
          clearTimeout(timer);
          looks.delete(look);
          resolve(found as never);
        };
        const cases = (): string => messages.map(({ message }) => message.case).join(', ');
        const timer = setTimeout(() => reject(new Error(`no ${name}; came: ${cases()}`)), WITHIN_MS);
        looks.add(look);
        look();
      }),
    send: (message) => ws.send(new SignalRequest({ message }).toBinary()),
    sendRaw: (bytes) => ws.send(bytes),
    async settled() {
      pings += 1n;
      const timestamp = pings;
      client.send({ case: 'pingReq', value: { timestamp, rtt: 0n } as never });
      await client.until('pongResp', ({ lastPingTimestamp }) => lastPingTimestamp === timestamp);
    },
    async offer(sections, id, ufrag) {
      const sdp = testSdp(sections, ufrag);
      client.send({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id }) });
      return client.until('answer', (answer) => answer.id === id);
    },
    drop: () => ws.terminate(),
  };
  return client;
}

/** Declares a track, and answers its sid. */
export async function declare(
  client: TestClient,
  cid: string,
  more: ConstructorParameters<typeof AddTrackRequest>[0] = {},
): Promise<string> {
  const value = new AddTrackRequest({ cid, type: TrackType.AUDIO, source: TrackSource.MICROPHONE, ...more });
  client.send({ case: 'addTrack', value });
  const { track } = await client.until('trackPublished', (told) => told.cid === cid);
  return track?.sid ?? '';
}

export const CAMERA = { type: TrackType.VIDEO, source: TrackSource.CAMERA, width: 1280, height: 720 };
