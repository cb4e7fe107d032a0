import { readName } from '../rtp/extensions.ts';
import type { RtpHeader } from '../rtp/header.ts';
import type { ReceivedSection } from './media-peer.ts';
import type { PublishedTrack } from './published-track.ts';
import type { Source } from './source.ts';

/** Sources whose place is remembered: browsers name it in the first packets of a source only. */
const MAX_KNOWN = 256;

/** Sources that may begin between two ticks: each holds packets of its own, and asks for a key frame. */
const MAX_BEGUN = 200;

/** A source and the track that it belongs to. */
export interface Stream {
  readonly track: PublishedTrack;
  readonly source: Source;
}

/** Where a source belongs to. */
interface Place {
  readonly mid: string;
  readonly rid: string | undefined;
}

/** Finds the track of a packet: by its source, else by the mid and the rid that it names (RFC 8843, section 9.2). */
export class ReceivedStreams {
  readonly #bySsrc = new Map<number, Stream>();
  readonly #byMid = new Map<string, PublishedTrack>();
  readonly #places = new Map<number, Place>();
  #begun = 0;
  /** Ids are the same in all sections of a connection (RFC 8843, section 9.1). */
  #midId: number | undefined;
  #ridId: number | undefined;

  get sources(): Source[] {
    return [...this.#bySsrc.values()].map(({ source }) => source);
  }

  /** Packets of this section belong to this track; a track that had the section before has none any more. */
  receive(section: ReceivedSection, track: PublishedTrack): void {
    const { mid, rids, ssrcs, extensions } = section;
    this.#midId = extensions.mid ?? this.#midId;
    this.#ridId = extensions.rid ?? this.#ridId;
    const before = this.#byMid.get(mid);
    if (before && before !== track) {
      before.drop();
      this.#unbind(before);
    }
    if (!track.receive(section)) this.#unbind(track);
    this.#byMid.set(mid, track);
    const [named] = ssrcs;
    if (rids.length === 0 && named !== undefined) this.#remember(named, { mid, rid: undefined });
  }

  stop(track: PublishedTrack): void {
    this.#unbind(track);
    track.stop();
  }

  #unbind(track: PublishedTrack): void {
    for (const [mid, one] of this.#byMid) if (one === track) this.#byMid.delete(mid);
    for (const [ssrc, stream] of this.#bySsrc) if (stream.track === track) this.#bySsrc.delete(ssrc);
  }

  /** The stream of a packet; undefined: it belongs to nothing that is received. */
  find(packet: Buffer, header: RtpHeader): Stream | undefined {
    const stream = this.#bySsrc.get(header.ssrc) ?? this.#bind(packet, header);
    return stream?.track.section?.payloadType === header.payloadType ? stream : undefined;
  }

  /** Every 500 ms: as many sources may begin again. */
  tick(): void {
    this.#begun = 0;
  }

  bySsrc(ssrc: number): Stream | undefined {
    return this.#bySsrc.get(ssrc);
  }

  #bind(packet: Buffer, header: RtpHeader): Stream | undefined {
    const mid = readName(packet, header, this.#midId);
    const place =
      mid === undefined ? this.#places.get(header.ssrc) : { mid, rid: readName(packet, header, this.#ridId) };
    const track = place && this.#byMid.get(place.mid);
    // Another payload type is another stream of the section: redundancy, say, that nobody agreed to.
    if (!track || track.section?.payloadType !== header.payloadType) return undefined;
    const source = this.#begun < MAX_BEGUN ? track.bind(header.ssrc, place.rid) : undefined;
    if (!source) return undefined;
    this.#begun++;
    this.#remember(header.ssrc, place);
    for (const [ssrc, stream] of this.#bySsrc)
      if (stream.track === track && !track.sources.includes(stream.source)) this.#bySsrc.delete(ssrc);
    const stream = { track, source };
    this.#bySsrc.set(header.ssrc, stream);
    return stream;
  }

  #remember(ssrc: number, place: Place): void {
    this.#places.delete(ssrc);
    this.#places.set(ssrc, place);
    const [oldest] = this.#places.keys();
    if (this.#places.size > MAX_KNOWN && oldest !== undefined) this.#places.delete(oldest);
  }
}
