import type { ReportBlock, SenderReport } from '../rtcp/message.ts';
import { writeNack, writePli } from '../rtcp/write.ts';
import { isH264KeyStart } from '../rtp/h264.ts';
import type { RtpHeader } from '../rtp/header.ts';
import { type HeldPacket, holdPacket } from '../rtp/held-packet.ts';
import { extend } from '../rtp/sequence.ts';
import { emptyPlace, readVp8 } from '../rtp/vp8.ts';
import { KeyFrameRequests } from './key-frame-requests.ts';
import type { Codec } from './media-peer.ts';
import { MissingPackets } from './missing-packets.ts';
import type { Outlet } from './outlet.ts';
import { type Arrivals, Reception } from './reception.ts';

/** Packets that are held for subscribers that miss them: 1 s of a large picture, 2 s of sound. */
const HELD = { audio: 128, video: 1_024 };
/** A layer of which nothing came for so long does not come any more. */
const SILENT_MS = 3_000;

/** Ticks of the clock of a codec in a second. */
export const clockRateOf = (codec: Codec): number => (codec === 'opus' ? 48_000 : 90_000);

/** What the last packet that was read says of its place; good until the next one is read. */
const place = emptyPlace();

/** One stream that a publisher sends: a track, or one layer of it. */
export class Source {
  readonly ssrc: number;
  readonly codec: Codec;
  readonly #uplink: Outlet;
  readonly #reception: Reception;
  readonly #missing = new MissingPackets();
  readonly #requests: KeyFrameRequests;
  /** Empty until somebody is sent a packet; its place is its number by the ring's size. */
  readonly #held: (HeldPacket | undefined)[] = [];
  readonly #size: number;
  #bytes = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  #rate = 0;
  #lastReport: SenderReport | undefined;
  /** Somebody is sent this stream, or waits for it: what is missing of it is asked for. */
  isWatched = false;

  constructor(ssrc: number, codec: Codec, uplink: Outlet) {
    this.ssrc = ssrc;
    this.codec = codec;
    this.#uplink = uplink;
    this.#reception = new Reception(ssrc, clockRateOf(codec));
    this.#requests = new KeyFrameRequests(() => uplink.sendRtcp(writePli(uplink.ssrc, ssrc)));
    this.#size = codec === 'opus' ? HELD.audio : HELD.video;
  }

  /** Bits a second of late, by `measure`. */
  get rate(): number {
    return this.#rate;
  }

  /** The last report, undefined before the first. */
  get lastReport(): SenderReport | undefined {
    return this.#lastReport;
  }

  isAlive(now: number): boolean {
    return now - this.#lastAt <= SILENT_MS;
  }

  /** Counts a packet, and asks for what is missing before it. Its number over the wraps; undefined: it came before. */
  arrived(packet: Buffer, header: RtpHeader, now: number): number | undefined {
    const { highest } = this.#reception;
    const number = highest === undefined ? header.sequence : extend(highest, header.sequence);
    if (highest !== undefined && (number <= highest - this.#size || this.held(number))) return undefined;
    this.#bytes += packet.length;
    this.#lastAt = now;
    this.#reception.count(number, header, now);
    if (highest !== undefined && this.codec !== 'opus') this.#lookForGaps(highest, number, now);
    return number;
  }

  #lookForGaps(highest: number, number: number, now: number): void {
    if (!this.isWatched) {
      this.#missing.clear();
      return;
    }
    this.#requests.goOn(now);
    if (number < highest) this.#missing.arrived(number);
    else if (number > highest + 1 && !this.#missing.note(highest + 1, number)) this.requestKeyFrame(now);
    this.#askAgain(now);
  }

  #askAgain(now: number): void {
    const due = this.#missing.due(now);
    if (due.length === 0) return;
    const sequences = due.map((number) => number & 0xffff);
    this.#uplink.sendRtcp(writeNack(this.#uplink.ssrc, this.ssrc, sequences));
  }

  /** Holds a packet that arrived. Undefined: its payload is not what its codec says. */
  hold(packet: Buffer, header: RtpHeader, number: number): HeldPacket | undefined {
    const { payloadStart: start, payloadEnd: end } = header;
    const isVp8 = this.codec === 'vp8';
    if (isVp8 && !readVp8(packet, start, end, place)) return undefined;
    const isStart = this.codec === 'opus' || (isVp8 ? place.isKeyStart : isH264KeyStart(packet, start, end));
    if (isStart) this.#requests.came();
    const held = holdPacket(packet, header, number, isVp8 ? place : undefined, isStart);
    // Numbers before the first of all may be negative.
    this.#held[number & (this.#size - 1)] = held;
    return held;
  }

  /** A packet that is still held. */
  held(number: number): HeldPacket | undefined {
    const held = this.#held[number & (this.#size - 1)];
    return held?.number === number ? held : undefined;
  }

  /** Holds nothing any more: what came before is sent to nobody again. */
  forget(): void {
    this.#held.length = 0;
    this.#missing.clear();
    this.isWatched = false;
  }

  requestKeyFrame(now: number): void {
    if (this.codec !== 'opus') this.#requests.request(now);
  }

  heard(report: SenderReport, now: number): void {
    this.#lastReport = report;
    this.#reception.heard(report, now);
  }

  /** What is due without a packet: requests that were put off. */
  goOn(now: number): void {
    this.#requests.goOn(now);
    if (this.isWatched) this.#askAgain(now);
  }

  /** Takes what came in the last `ms` milliseconds into the rate. */
  measure(ms: number): void {
    this.#rate = (this.#rate + (this.#bytes * 8_000) / ms) / 2;
    this.#bytes = 0;
  }

  report(now: number): ReportBlock | undefined {
    return this.#reception.report(now);
  }

  takeArrivals(): Arrivals {
    return this.#reception.takeArrivals();
  }
}
