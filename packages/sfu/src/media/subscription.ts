import { randomInt } from 'node:crypto';
import { writeSenderReport } from '../rtcp/write.ts';
import { type Address, type HeldPacket, type Offsets, writeFor } from '../rtp/held-packet.ts';
import { extend } from '../rtp/sequence.ts';
import type { PacketCounts, SentSection, Wish } from './media-peer.ts';
import type { Outlet } from './outlet.ts';
import type { Follower, PublishedTrack } from './published-track.ts';
import { clockRateOf, type Source } from './source.ts';

/** Stretches that packets are sent again from: one begins with every start and every switch of layers. */
const MAX_STRETCHES = 4;

export const DEFAULT_WISH: Wish = { disabled: false, quality: 2 };

/** What is sent of one source without a seam. */
interface Stretch {
  readonly source: Source;
  /** Its first packet, by the source's number, and by ours. */
  readonly first: number;
  readonly firstSent: number;
  readonly offsets: Offsets;
}

/** Where the numbers of a source of ours stand: those of the packet with the highest number that was sent. */
export interface Numbers {
  number: number;
  timestamp: number;
  /** When it was sent; undefined: nothing was. */
  at: number | undefined;
  pictureId: number;
  baseIndex: number;
}

/** The beginning of a source of ours. */
export const firstNumbers = (): Numbers => ({
  ...{ number: randomInt(0x8000), timestamp: 0, at: undefined, pictureId: 0, baseIndex: 0 },
});

/** Whom a subscription tells that its track is gone. */
export interface SubscriptionOwner {
  ended(subscription: Subscription): void;
}

/** What a subscription is made of. */
export interface SubscriptionParts {
  readonly section: SentSection;
  readonly track: PublishedTrack;
  readonly wish: Wish;
  readonly last: Numbers;
}

/** One track on its way to one subscriber: which layer, and how its numbers go on without a seam. */
export class Subscription implements Follower {
  readonly section: SentSection;
  readonly track: PublishedTrack;
  readonly #outlet: Outlet;
  readonly #owner: SubscriptionOwner;
  readonly #address: Address;
  #wish: Wish;
  /** The highest layer that the subscriber's limit allows. */
  #ceiling = Number.POSITIVE_INFINITY;
  /** What is sent now, and what is to be sent from its next key frame on: the same, or both undefined, most of the time. */
  #live: Source | undefined;
  #target: Source | undefined;
  #stretches: Stretch[] = [];
  #current: Stretch | undefined;
  readonly #last: Numbers;
  #packets = 0;
  #bytes = 0;
  #lastAt = 0;

  /** `last` is of the same source, and goes on. */
  constructor({ section, track, wish, last }: SubscriptionParts, outlet: Outlet, owner: SubscriptionOwner) {
    this.#last = last;
    this.section = section;
    this.track = track;
    this.#outlet = outlet;
    this.#owner = owner;
    this.#wish = wish;
    const { absSendTime } = section.extensions;
    // Longer ids do not fit into the short form of extensions.
    const isShort = absSendTime !== undefined && absSendTime >= 1 && absSendTime <= 14;
    this.#address = {
      ssrc: section.ssrc,
      payloadType: section.payloadType,
      absSendTime: isShort ? absSendTime : undefined,
    };
  }

  get counts(): PacketCounts {
    return { packets: this.#packets, bytes: this.#bytes, lastAt: this.#lastAt };
  }

  get isPaused(): boolean {
    return this.#wish.disabled || this.track.isMuted;
  }

  /** The highest layer that the subscriber wants, whatever their limit is. */
  get wanted(): number {
    const layers = Math.max(1, this.track.section?.rids.length ?? 1);
    return Math.min(this.#wish.quality, layers - 1);
  }

  setWish(wish: Wish, now: number): void {
    this.#wish = wish;
    if (wish.disabled) this.pause();
    else this.retarget(now);
  }

  get ceiling(): number {
    return this.#ceiling;
  }

  setCeiling(layer: number, now: number): void {
    this.#ceiling = layer;
    this.retarget(now);
  }

  /** Nothing is sent until `retarget`; then at a key frame. */
  pause(): void {
    this.#live = undefined;
    this.#target = undefined;
  }

  /** Takes the best layer that comes up to the one wanted and allowed, else the lowest that comes. */
  choose(now: number): boolean {
    if (this.isPaused) return false;
    const target = best(this.track.sources, Math.min(this.wanted, this.#ceiling), now) ?? this.#target;
    if (target === this.#target) return false;
    this.#target = target;
    return target !== this.#live;
  }

  retarget(now: number): void {
    if (this.choose(now)) this.#target?.requestKeyFrame(now);
  }

  wants(source: Source): boolean {
    return source === this.#live || source === this.#target;
  }

  /** Sends a packet of a source that is wanted, or begins with it, or waits for a key frame. */
  forward(source: Source, held: HeldPacket, now: number): void {
    if (source !== this.#live) {
      if (!held.isKeyStart) {
        source.requestKeyFrame(now);
        return;
      }
      this.#begin(source, held, now);
    }
    const stretch = this.#current;
    if (!stretch || held.number < stretch.first) return;
    const number = held.number + stretch.offsets.sequence;
    if (number > this.#last.number) this.#note(number, held, stretch.offsets, now);
    this.#send(held, stretch.offsets, now);
  }

  #begin(source: Source, held: HeldPacket, now: number): void {
    const last = this.#last;
    const isFirst = last.at === undefined;
    const passed = Math.max(1, Math.round(((now - (last.at ?? now)) * clockRateOf(source.codec)) / 1_000));
    const stretch: Stretch = {
      source,
      first: held.number,
      firstSent: last.number + 1,
      offsets: {
        sequence: last.number + 1 - held.number,
        timestamp: isFirst ? 0 : (last.timestamp + passed - held.timestamp) | 0,
        pictureId: isFirst ? 0 : last.pictureId + 1 - held.pictureId,
        baseIndex: isFirst ? 0 : last.baseIndex + 1 - held.baseIndex,
      },
    };
    this.#live = source;
    this.#current = stretch;
    this.#stretches = [...this.#stretches, stretch].slice(-MAX_STRETCHES);
    // The relation of the stream's clock to the publisher's changed: sound and picture fit together by it.
    this.reportSender(source);
  }

  #note(number: number, held: HeldPacket, offsets: Offsets, now: number): void {
    const last = this.#last;
    last.number = number;
    last.timestamp = (held.timestamp + offsets.timestamp) >>> 0;
    last.at = now;
    if (held.pictureIdAt >= 0) last.pictureId = held.pictureId + offsets.pictureId;
    if (held.baseIndexAt >= 0) last.baseIndex = held.baseIndex + offsets.baseIndex;
  }

  #send(held: HeldPacket, offsets: Offsets, now: number): boolean {
    const packet = writeFor(held, this.#address, offsets, now);
    if (!this.#outlet.sendRtp(packet)) return false;
    this.#packets++;
    this.#bytes += packet.length;
    this.#lastAt = now;
    return true;
  }

  /** Sends a packet again that the subscriber misses. False: it is not held any more, or may not be sent. */
  resend(sequence: number, now: number): boolean {
    if (this.isPaused || !this.#current) return false;
    const number = extend(this.#last.number, sequence);
    const stretch = this.#stretches.findLast(({ firstSent }) => firstSent <= number);
    const held = stretch?.source.held(number - stretch.offsets.sequence);
    return stretch !== undefined && held !== undefined && this.#send(held, stretch.offsets, now);
  }

  /** Passes the last report of the source on, in the subscriber's numbers, if it is the one that is sent. */
  reportSender(source: Source): void {
    const report = source.lastReport;
    if (!report || source !== this.#live || !this.#current) return;
    const { ntpSeconds, ntpFraction } = report;
    const rtpTimestamp = (report.rtpTimestamp + this.#current.offsets.timestamp) >>> 0;
    const counts = { packets: this.#packets, bytes: this.#bytes };
    this.#outlet.sendRtcp(
      writeSenderReport({ ssrc: this.section.ssrc, ntpSeconds, ntpFraction, rtpTimestamp, ...counts }),
    );
  }

  /** The subscriber lost the picture. */
  requestKeyFrame(now: number): void {
    if (!this.isPaused) (this.#target ?? this.#live)?.requestKeyFrame(now);
  }

  /** The track is gone. */
  ended(): void {
    this.pause();
    this.#owner.ended(this);
  }
}

/** The highest layer up to `most` that comes; else the lowest above it that does. */
function best(sources: readonly (Source | undefined)[], most: number, now: number): Source | undefined {
  const comes = (source: Source | undefined): boolean => source?.isAlive(now) ?? false;
  for (let layer = Math.min(most, sources.length - 1); layer >= 0; layer--) {
    if (comes(sources[layer])) return sources[layer];
  }
  return sources.find((source, layer) => layer > most && comes(source));
}
