import type { RtcpMessage } from '../rtcp/message.ts';
import { readRtcp } from '../rtcp/read.ts';
import { emptyHeader, readHeader } from '../rtp/header.ts';
import { type PacketParts, rtpPacket, vp8Payload } from '../rtp/test-packets.ts';
import { emptyPlace, readVp8 } from '../rtp/vp8.ts';
import type { LocalParameters, Transport } from '../transport/transport.ts';
import { createMediaPeer, DEFAULT_MEDIA_OPTIONS } from './create-media-peer.ts';
import type {
  ExtensionIds,
  MediaClock,
  MediaOptions,
  MediaPeer,
  ReceivedSection,
  SentSection,
} from './media-peer.ts';

/** A clock that stands until it is moved. */
export class TestClock implements MediaClock {
  #now = 10_000;
  #tasks: { ms: number; at: number; task: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  every(ms: number, task: () => void): () => void {
    const entry = { ms, at: this.#now + ms, task };
    this.#tasks.push(entry);
    return () => {
      this.#tasks = this.#tasks.filter((one) => one !== entry);
    };
  }

  get tasks(): number {
    return this.#tasks.length;
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#tasks.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#now = next.at;
      next.at += next.ms;
      next.task();
    }
    this.#now = end;
  }
}

/** A packet as a subscriber reads it. */
export interface SeenPacket {
  ssrc: number;
  payloadType: number;
  sequence: number;
  timestamp: number;
  pictureId: number;
  baseIndex: number;
  isKeyStart: boolean;
}

export function seen(packet: Buffer): SeenPacket {
  const header = emptyHeader();
  const place = emptyPlace();
  if (!readHeader(packet, header)) throw new Error(`no packet: ${packet.toString('hex')}`);
  readVp8(packet, header.payloadStart, header.payloadEnd, place);
  const { ssrc, payloadType, sequence, timestamp } = header;
  const { pictureId, baseIndex, isKeyStart } = place;
  return { ssrc, payloadType, sequence, timestamp, pictureId, baseIndex, isKeyStart };
}

/** A transport that keeps what it is given; `take` hands it out once. */
export class FakeTransport implements Transport {
  isOpen = true;
  onRtp: ((packet: Buffer) => void) | undefined;
  #rtp: Buffer[] = [];
  #rtcp: Buffer[] = [];

  accept = (): Promise<LocalParameters> => Promise.reject(new Error('not for this test'));
  offer = (): Promise<LocalParameters> => Promise.reject(new Error('not for this test'));
  answered(): void {}
  hear(): void {}
  sendData = (): boolean => false;
  close(): void {
    this.isOpen = false;
  }

  /** As the real one: what is kept is a copy. */
  sendRtp(packet: Buffer): boolean {
    if (!this.isOpen) return false;
    const copy = Buffer.from(packet);
    this.#rtp.push(copy);
    this.onRtp?.(copy);
    return true;
  }

  sendRtcp(packet: Buffer): boolean {
    if (!this.isOpen) return false;
    this.#rtcp.push(Buffer.from(packet));
    return true;
  }

  take(): SeenPacket[] {
    return this.takeRaw().map(seen);
  }

  takeRaw(): Buffer[] {
    return this.#rtp.splice(0);
  }

  takeRtcp(): RtcpMessage[] {
    return this.#rtcp.splice(0).flatMap((packet) => readRtcp(packet) ?? []);
  }

  takeOf<T extends RtcpMessage['type']>(type: T): Extract<RtcpMessage, { type: T }>[] {
    return this.takeRtcp().filter((one): one is Extract<RtcpMessage, { type: T }> => one.type === type);
  }
}

export interface Member {
  readonly peer: MediaPeer;
  readonly transport: FakeTransport;
  /** Times that it was said to flood. */
  floods: number;
}

export class Stage {
  readonly clock = new TestClock();

  member(options: Partial<MediaOptions> = {}): Member {
    const transport = new FakeTransport();
    const onFlood = (): void => void member.floods++;
    const peer = createMediaPeer({ ...DEFAULT_MEDIA_OPTIONS, ...options }, { onFlood }, this.clock);
    peer.attachPublisher(transport);
    const member: Member = { peer, transport, floods: 0 };
    return member;
  }
}

export const IDS: ExtensionIds = { mid: 1, rid: 2, audioLevel: 3 };

export const camera = (parts: Partial<ReceivedSection> = {}): ReceivedSection => ({
  ...{ trackSid: 'TR_camera', mid: '0', kind: 'video', codec: 'vp8', payloadType: 96 },
  ...{ rids: [], ssrcs: [], extensions: IDS },
  ...parts,
});

export const microphone = (parts: Partial<ReceivedSection> = {}): ReceivedSection => ({
  ...camera({ trackSid: 'TR_mic', mid: '1', kind: 'audio', codec: 'opus', payloadType: 111 }),
  ...parts,
});

export const sentAs = (trackSid: string, parts: Partial<SentSection> = {}): SentSection => ({
  ...{ trackSid, mid: '5', payloadType: 120, ssrc: 0x5000, extensions: {} },
  ...parts,
});

/** One stream of VP8 by hand: frames of one packet, 30 a second by its own clock. */
export class Stream {
  sequence: number;
  timestamp = 90_000;
  picture = 100;
  base = 50;
  readonly #parts: PacketParts;
  readonly #peer: MediaPeer;

  constructor(peer: MediaPeer, parts: PacketParts) {
    this.#peer = peer;
    this.#parts = parts;
    this.sequence = parts.sequence ?? 1_000;
  }

  /** The next packet, without sending it. */
  next({ isKey = false, bytes = 0 }: { isKey?: boolean; bytes?: number } = {}): Buffer {
    const payload = vp8Payload({ isKey, picture: this.picture++, base: this.base++ });
    const filled = Buffer.concat([payload, Buffer.alloc(bytes)]);
    this.timestamp += 3_000;
    const numbers = { sequence: this.sequence++, timestamp: this.timestamp };
    return rtpPacket({ ...{ payload: filled, marker: true }, ...this.#parts, ...numbers });
  }

  frame(parts: { isKey?: boolean; bytes?: number } = {}): void {
    this.#peer.onRtp(this.next(parts));
  }

  key(): void {
    this.frame({ isKey: true });
  }
}

/** Layers of one simulcast camera of section 0, the lowest first. */
export const layersOf = (peer: MediaPeer): [Stream, Stream, Stream] => {
  const layer = (ssrc: number, rid: string): Stream =>
    new Stream(peer, { ssrc, sequence: ssrc * 1_000, extensions: { 1: '0', 2: rid } });
  return [layer(11, 'q'), layer(12, 'h'), layer(13, 'f')];
};
