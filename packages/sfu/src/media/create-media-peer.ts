import { randomInt } from 'node:crypto';
import { readRtcp } from '../rtcp/read.ts';
import { emptyHeader, readHeader } from '../rtp/header.ts';
import type { Transport } from '../transport/transport.ts';
import { Downlink } from './downlink.ts';
import { IngressBudget } from './ingress-budget.ts';
import type {
  MediaClock,
  MediaOptions,
  MediaPeer,
  MediaPeerHandlers,
  PacketCounts,
  ReceivedSection,
  SentSection,
  Wish,
} from './media-peer.ts';
import { Outlet } from './outlet.ts';
import { PublishedTrack } from './published-track.ts';
import { ReceivedStreams } from './received-streams.ts';
import { Uplink } from './uplink.ts';

/** Most tracks that one publisher sends, those among them that are muted or waited for beforehand. */
export const MAX_PUBLISHED_TRACKS = 64;

/** Between two reports to a publisher, and between two choices of layers. */
export const TICK_MS = 500;

/** For rooms of about ten cameras or a few hundred listeners. */
export const DEFAULT_MEDIA_OPTIONS: MediaOptions = {
  ingressBytesPerSecond: 2_500_000,
  ingressPacketsPerSecond: 5_000,
  publisherBitsPerSecond: 3_000_000,
};

/** Makes the media of one participant. Nothing runs after `close`. */
export const createMediaPeer = (
  options: MediaOptions,
  handlers: MediaPeerHandlers,
  clock: MediaClock,
): MediaPeer => new Peer(options, handlers, clock);

/** The header of the packet that is looked at. */
const header = emptyHeader();

class Peer implements MediaPeer {
  readonly #clock: MediaClock;
  readonly #handlers: MediaPeerHandlers;
  readonly #budget: IngressBudget;
  readonly #toPublisher = new Outlet(randomInt(1, 2 ** 32));
  readonly #toSubscriber = new Outlet(this.#toPublisher.ssrc);
  readonly #uplink: Uplink;
  readonly #downlink = new Downlink(this.#toSubscriber);
  readonly #streams = new ReceivedStreams();
  readonly #tracks = new Map<string, PublishedTrack>();
  readonly #stopTicking: () => void;
  #tickedAt: number;
  #hasSubscriber = false;
  /** Closed, or flooded: nothing that comes is looked at. */
  #isDeaf = false;
  #dropped = 0;

  constructor(options: MediaOptions, handlers: MediaPeerHandlers, clock: MediaClock) {
    this.#clock = clock;
    this.#handlers = handlers;
    this.#budget = new IngressBudget(options);
    this.#uplink = new Uplink(this.#toPublisher, options.publisherBitsPerSecond);
    this.#tickedAt = clock.now();
    this.#stopTicking = clock.every(TICK_MS, () => this.#tick());
  }

  attachPublisher(transport: Transport): void {
    this.#toPublisher.attach(transport);
    if (!this.#hasSubscriber) this.#toSubscriber.attach(transport);
  }

  attachSubscriber(transport: Transport): void {
    this.#hasSubscriber = true;
    this.#toSubscriber.attach(transport);
  }

  onRtp(packet: Buffer): void {
    const now = this.#clock.now();
    if (!this.#takes(packet, now)) return;
    const stream = readHeader(packet, header) ? this.#streams.find(packet, header) : undefined;
    if (stream) stream.track.take(packet, header, stream.source, now);
    else this.#dropped++;
  }

  onRtcp(packet: Buffer): void {
    const now = this.#clock.now();
    if (!this.#takes(packet, now)) return;
    const messages = readRtcp(packet);
    if (!messages) this.#dropped++;
    for (const message of messages ?? []) {
      if (message.type === 'sender-report') {
        const stream = this.#streams.bySsrc(message.ssrc);
        stream?.track.heard(stream.source, message, now);
      }
      this.#downlink.heard(message, now);
    }
  }

  #takes(packet: Buffer, now: number): boolean {
    if (this.#isDeaf) return false;
    if (this.#budget.take(packet.length, now)) return true;
    this.#isDeaf = true;
    this.#handlers.onFlood();
    return false;
  }

  #tick(): void {
    const now = this.#clock.now();
    const ms = Math.max(1, now - this.#tickedAt);
    this.#tickedAt = now;
    this.#streams.tick();
    this.#uplink.tick(this.#streams.sources, ms, now);
    this.#downlink.tick(ms, now);
  }

  receive(section: ReceivedSection): void {
    this.#streams.receive(section, this.#track(section.trackSid));
  }

  stopReceiving(trackSid: string): void {
    const track = this.#tracks.get(trackSid);
    if (!track) return;
    this.#tracks.delete(trackSid);
    this.#streams.stop(track);
  }

  setMuted(trackSid: string, muted: boolean): void {
    if (!muted && !this.#tracks.has(trackSid)) return;
    this.#track(trackSid).setMuted(muted, this.#clock.now());
  }

  received(trackSid: string): PacketCounts | undefined {
    const track = this.#tracks.get(trackSid);
    return track?.section && track.counts;
  }

  /** The track of that name, which may be muted, or be sent to somebody, before it is received. */
  #track(trackSid: string): PublishedTrack {
    const known = this.#tracks.get(trackSid);
    if (known) return known;
    if (this.#tracks.size >= MAX_PUBLISHED_TRACKS)
      for (const [sid, track] of this.#tracks) if (track.isUnused) this.#tracks.delete(sid);
    if (this.#tracks.size >= MAX_PUBLISHED_TRACKS)
      throw new RangeError(`one participant publishes at most ${MAX_PUBLISHED_TRACKS} tracks`);
    const track = new PublishedTrack(trackSid, this.#toPublisher);
    this.#tracks.set(trackSid, track);
    return track;
  }

  send(section: SentSection, from: MediaPeer): void {
    if (!(from instanceof Peer)) throw new TypeError('tracks are sent from peers of createMediaPeer only');
    this.#downlink.send(section, from.#track(section.trackSid), this.#clock.now());
  }

  stopSending(trackSid: string): void {
    this.#downlink.stop(trackSid);
  }

  setWish(trackSid: string, wish: Wish): void {
    this.#downlink.setWish(trackSid, wish, this.#clock.now());
  }

  sent(trackSid: string): PacketCounts | undefined {
    return this.#downlink.get(trackSid)?.counts;
  }

  dropped(): number {
    return this.#dropped;
  }

  takeAudioLevel(): number | undefined {
    let loudest: number | undefined;
    for (const track of this.#tracks.values()) {
      const level = track.takeLevel();
      if (level !== undefined) loudest = Math.min(level, loudest ?? level);
    }
    return loudest;
  }

  lossSeen(): number {
    return this.#downlink.lossSeen(this.#clock.now());
  }

  close(): void {
    this.#isDeaf = true;
    this.#stopTicking();
    for (const sid of [...this.#tracks.keys()]) this.stopReceiving(sid);
    this.#downlink.close();
    this.#toPublisher.attach(undefined);
    this.#toSubscriber.attach(undefined);
  }
}
