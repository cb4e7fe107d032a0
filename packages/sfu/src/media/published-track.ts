import type { SenderReport } from '../rtcp/message.ts';
import { readAudioLevel } from '../rtp/extensions.ts';
import type { RtpHeader } from '../rtp/header.ts';
import type { HeldPacket } from '../rtp/held-packet.ts';
import type { PacketCounts, ReceivedSection } from './media-peer.ts';
import type { Outlet } from './outlet.ts';
import { Source } from './source.ts';

/** Somebody who is sent a track. */
export interface Follower {
  /** Whether packets of this source are sent or waited for. */
  wants(source: Source): boolean;
  forward(source: Source, held: HeldPacket, now: number): void;
  /** Chooses the source anew; true: another one than before is waited for. */
  choose(now: number): boolean;
  /** As `choose`; what is waited for is asked for a key frame. */
  retarget(now: number): void;
  /** Nothing is sent until the next choice. */
  pause(): void;
  /** A sender report of this source came. */
  reportSender(source: Source): void;
  /** The track is gone. */
  ended(): void;
}

/** A track of a publisher: its layers, who is sent it, and whether it is muted. */
export class PublishedTrack {
  readonly sid: string;
  readonly #uplink: Outlet;
  /** By layer, the lowest first; a track without simulcast has one. */
  readonly #sources: (Source | undefined)[] = [];
  #followers: Follower[] = [];
  #section: ReceivedSection | undefined;
  #isMuted = false;
  #packets = 0;
  #bytes = 0;
  #lastAt = 0;
  #level: number | undefined;

  constructor(sid: string, uplink: Outlet) {
    this.sid = sid;
    this.#uplink = uplink;
  }

  get section(): ReceivedSection | undefined {
    return this.#section;
  }

  get isMuted(): boolean {
    return this.#isMuted;
  }

  get sources(): readonly (Source | undefined)[] {
    return this.#sources;
  }

  get isUnused(): boolean {
    return this.#section === undefined && this.#followers.length === 0 && !this.#isMuted;
  }

  get counts(): PacketCounts {
    return { packets: this.#packets, bytes: this.#bytes, lastAt: this.#lastAt };
  }

  /**
   * Layers go on where only extensions' ids change: browsers offer the same section again and again. False: they do not,
   * and have to be bound anew.
   */
  receive(section: ReceivedSection): boolean {
    const goesOn = this.#section !== undefined && isSameStream(this.#section, section);
    if (!goesOn) this.drop();
    this.#section = section;
    return goesOn;
  }

  /** No layer comes any more; nobody is sent anything until new ones come. */
  drop(): void {
    this.#sources.length = 0;
    for (const follower of this.#followers) follower.pause();
  }

  /** The layer that sends with this source from now on; undefined for an id that the section does not have. */
  bind(ssrc: number, rid: string | undefined): Source | undefined {
    if (!this.#section) return undefined;
    const { rids, codec } = this.#section;
    const layer = rids.length === 0 ? 0 : rids.indexOf(rid ?? '');
    if (layer < 0) return undefined;
    const source = new Source(ssrc, codec, this.#uplink);
    this.#sources[layer] = source;
    return source;
  }

  /** Counts a packet and sends it on. Here it is decided that nothing of a muted track is. */
  take(packet: Buffer, header: RtpHeader, source: Source, now: number): void {
    this.#packets++;
    this.#bytes += packet.length;
    this.#lastAt = now;
    const wasAlive = source.isAlive(now);
    const number = source.arrived(packet, header, now);
    if (number === undefined || this.#isMuted) return;
    if (this.#section?.extensions.audioLevel !== undefined) this.#hear(packet, header);
    // A layer that comes, or comes back, may be the one that somebody waits for.
    if (!wasAlive) for (const follower of this.#followers) follower.choose(now);
    this.#forward(packet, header, source, number, now);
  }

  #forward(packet: Buffer, header: RtpHeader, source: Source, number: number, now: number): void {
    let held: HeldPacket | undefined;
    for (const follower of this.#followers) {
      if (!follower.wants(source)) continue;
      held ??= source.hold(packet, header, number);
      if (!held) return;
      follower.forward(source, held, now);
    }
    source.isWatched = held !== undefined;
  }

  #hear(packet: Buffer, header: RtpHeader): void {
    const level = readAudioLevel(packet, header, this.#section?.extensions.audioLevel);
    if (level !== undefined) this.#level = Math.min(level, this.#level ?? level);
  }

  setMuted(muted: boolean, now: number): void {
    if (muted === this.#isMuted) return;
    this.#isMuted = muted;
    this.#level = undefined;
    for (const source of this.#sources) source?.forget();
    for (const follower of this.#followers) follower.pause();
    if (!muted) for (const follower of this.#followers) follower.retarget(now);
  }

  heard(source: Source, report: SenderReport, now: number): void {
    source.heard(report, now);
    if (this.#isMuted) return;
    for (const follower of this.#followers) follower.reportSender(source);
  }

  takeLevel(): number | undefined {
    const level = this.#level;
    this.#level = undefined;
    return level;
  }

  add(follower: Follower): void {
    this.#followers = [...this.#followers, follower];
  }

  remove(follower: Follower): void {
    this.#followers = this.#followers.filter((one) => one !== follower);
  }

  /** The track is gone, and whoever was sent it is told. */
  stop(): void {
    this.drop();
    this.#section = undefined;
    const followers = this.#followers;
    this.#followers = [];
    for (const follower of followers) follower.ended();
  }
}

const isSameStream = (one: ReceivedSection, other: ReceivedSection): boolean =>
  one.mid === other.mid &&
  one.codec === other.codec &&
  one.payloadType === other.payloadType &&
  one.rids.join() === other.rids.join();
