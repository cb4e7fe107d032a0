import type { Nack, ReportBlock, RtcpMessage } from '../rtcp/message.ts';
import { DownlinkLimit } from './downlink-limit.ts';
import { type Candidate, chooseLayers } from './layer-choice.ts';
import type { SentSection, Wish } from './media-peer.ts';
import type { Outlet } from './outlet.ts';
import type { PublishedTrack } from './published-track.ts';
import { SlidingSum } from './sliding-sum.ts';
import {
  DEFAULT_WISH,
  firstNumbers,
  type Numbers,
  Subscription,
  type SubscriptionOwner,
} from './subscription.ts';

/** Most tracks that one subscriber is sent, and wishes and numbers that are remembered for them. */
export const MAX_SENT_TRACKS = 1_000;
/** Most packets that one subscriber is sent again between two ticks (500 ms). */
const MAX_RESENT = 1_000;
/** A report that skips more than that is no report of ours. */
const MAX_REPORTED = 100_000;
/** Fewer packets say nothing about loss. */
const ENOUGH_PACKETS = 20;
/** To be taken again, a layer must fit with so much room: a rate that sways must not make the picture jump. */
const ROOM = 1.2;

/** Everything that one subscriber is sent, and what they say of it. */
export class Downlink implements SubscriptionOwner {
  readonly #outlet: Outlet;
  readonly #bySid = new Map<string, Subscription>();
  readonly #bySsrc = new Map<number, Subscription>();
  readonly #wishes = new Map<string, Wish>();
  /** Of each source of ours: SRTP refuses numbers that begin anew. */
  readonly #numbers = new Map<number, Numbers>();
  readonly #limit = new DownlinkLimit();
  /** The highest number that each section's reports named so far. */
  readonly #reported = new Map<number, number>();
  readonly #expected = new SlidingSum(10, 1_000);
  readonly #lost = new SlidingSum(10, 1_000);
  #resent = 0;
  #sentBefore = 0;
  #rate = 0;

  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  /** The same section again changes nothing. Throws a RangeError for more than 1,000 tracks. */
  send(section: SentSection, track: PublishedTrack, now: number): void {
    const { trackSid } = section;
    const before = this.#bySid.get(trackSid);
    if (before && before.track === track && isSame(before.section, section)) return;
    if (!before && this.#bySid.size >= MAX_SENT_TRACKS)
      throw new RangeError(`one subscriber is sent at most ${MAX_SENT_TRACKS} tracks`);
    if (before) this.#end(before);
    const wish = this.#wishes.get(trackSid) ?? DEFAULT_WISH;
    const last = this.#numbersOf(section.ssrc);
    const subscription = new Subscription({ section, track, wish, last }, this.#outlet, this);
    this.#bySid.set(trackSid, subscription);
    this.#bySsrc.set(section.ssrc, subscription);
    track.add(subscription);
    subscription.retarget(now);
  }

  #numbersOf(ssrc: number): Numbers {
    const numbers = this.#numbers.get(ssrc) ?? firstNumbers();
    this.#numbers.delete(ssrc);
    this.#numbers.set(ssrc, numbers);
    const [oldest] = this.#numbers.keys();
    if (this.#numbers.size > MAX_SENT_TRACKS && oldest !== undefined) this.#numbers.delete(oldest);
    return numbers;
  }

  stop(trackSid: string): void {
    this.#wishes.delete(trackSid);
    const subscription = this.#bySid.get(trackSid);
    if (subscription) this.#end(subscription);
  }

  #end(subscription: Subscription): void {
    subscription.track.remove(subscription);
    subscription.ended();
  }

  ended({ section: { trackSid, ssrc } }: Subscription): void {
    this.#bySid.delete(trackSid);
    this.#bySsrc.delete(ssrc);
    this.#reported.delete(ssrc);
  }

  get(trackSid: string): Subscription | undefined {
    return this.#bySid.get(trackSid);
  }

  /** A wish for a track that is not sent yet waits for it; more than 1,000 of them are not remembered. */
  setWish(trackSid: string, wish: Wish, now: number): void {
    if (this.#wishes.has(trackSid) || this.#wishes.size < MAX_SENT_TRACKS) this.#wishes.set(trackSid, wish);
    this.#bySid.get(trackSid)?.setWish(wish, now);
  }

  heard(message: RtcpMessage, now: number): void {
    if (message.type === 'remb') this.#limit.estimated(message.bitsPerSecond, now);
    else if (message.type === 'nack') this.#resend(message, now);
    else if (message.type === 'key-frame-request') this.#bySsrc.get(message.ssrc)?.requestKeyFrame(now);
    else this.#count(message.blocks, now);
  }

  #resend({ ssrc, sequences }: Nack, now: number): void {
    const subscription = this.#bySsrc.get(ssrc);
    if (!subscription) return;
    for (const sequence of sequences) {
      if (this.#resent >= MAX_RESENT) return;
      if (subscription.resend(sequence, now)) this.#resent++;
    }
  }

  #count(blocks: readonly ReportBlock[], now: number): void {
    let expected = 0;
    let lost = 0;
    for (const { ssrc, highest, fractionLost } of blocks) {
      if (!this.#bySsrc.has(ssrc)) continue;
      const before = this.#reported.get(ssrc);
      this.#reported.set(ssrc, highest);
      const lately = before === undefined ? 0 : (highest - before) | 0;
      if (lately <= 0 || lately > MAX_REPORTED) continue;
      expected += lately;
      lost += (lately * fractionLost) / 256;
    }
    this.#expected.add(expected, now);
    this.#lost.add(lost, now);
    if (expected >= ENOUGH_PACKETS) this.#limit.lost(lost / expected);
  }

  /** Lost of what was expected in the last 10 s, 0 to 1. */
  lossSeen(now: number): number {
    const expected = this.#expected.total(now);
    return expected > 0 ? Math.min(1, Math.max(0, this.#lost.total(now) / expected)) : 0;
  }

  /** Chooses the layers anew. `ms`: since the last call. */
  tick(ms: number, now: number): void {
    this.#resent = 0;
    const sent = this.#outlet.rtpBytes;
    this.#rate = (this.#rate + ((sent - this.#sentBefore) * 8_000) / ms) / 2;
    this.#sentBefore = sent;
    const subscriptions = [...this.#bySid.values()].filter(({ isPaused }) => !isPaused);
    const candidates = subscriptions.map((subscription) => candidate(subscription, now));
    const wanted = candidates.reduce((sum, each) => sum + wantedRate(each), 0);
    const limit = this.#limit.update(this.#rate, wanted, now);
    const chosen = limit === Infinity ? [] : chooseLayers(candidates, limit);
    subscriptions.forEach((subscription, place) => {
      subscription.setCeiling(chosen[place] ?? Infinity, now);
    });
  }

  close(): void {
    for (const subscription of this.#bySid.values()) this.#end(subscription);
    this.#wishes.clear();
  }
}

/** What the best layer takes that comes and is wanted. */
const wantedRate = ({ rates, wanted }: Candidate): number =>
  rates.slice(0, wanted + 1).findLast((rate) => rate !== undefined) ?? 0;

const isSame = (one: SentSection, other: SentSection): boolean =>
  one.ssrc === other.ssrc &&
  one.mid === other.mid &&
  one.payloadType === other.payloadType &&
  one.extensions.absSendTime === other.extensions.absSendTime;

function candidate(subscription: Subscription, now: number): Candidate {
  const { wanted, ceiling, track } = subscription;
  const rates = track.sources.map((source, layer) =>
    source?.isAlive(now) ? source.rate * (layer > ceiling ? ROOM : 1) : undefined,
  );
  return { rates, wanted };
}
