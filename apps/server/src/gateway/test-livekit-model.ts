import { type AddTrackRequest, type TrackSource, TrackType } from '@livekit/protocol';

/** A stream that a client sends, as pion hands it to LiveKit. */
interface Stream {
  readonly id: string;
  readonly type: TrackType;
}
interface Codec {
  readonly name: string;
  cid: string;
  sdpCid: string;
}
interface Track {
  readonly sid: string;
  readonly type: TrackType;
  readonly source: TrackSource;
  readonly codecs: Codec[];
}
interface Pending {
  readonly tracks: Track[];
  isQueued: boolean;
}
interface MediaSection {
  readonly kind: string;
  readonly attributes: readonly (readonly [key: string, value: string])[];
}

/** A stream and the declared track that it was bound to. */
export interface Binding {
  readonly stream: Stream;
  readonly track: Track;
}

/**
 * How LiveKit 1.13.5 with pion binds the streams of a client to the tracks that it declared, written from reading
 * pkg/rtc (participant.go, participant_sdp.go) and pion's sdp.go, and from nothing of ours. It is as careless with kinds
 * as they are. Where Go walks a map in no order, `pick` chooses.
 */
export class LiveKitModel {
  readonly bindings: Binding[] = [];
  readonly #pending = new Map<string, Pending>();
  readonly #published: Track[] = [];
  #waiting: Stream[] = [];
  readonly #answered = new Set<string>();
  #lastOffer: readonly MediaSection[] = [];
  #count = 0;
  readonly #pick: (length: number) => number;

  constructor(pick: (length: number) => number) {
    this.#pick = pick;
  }

  get published(): readonly Track[] {
    return this.#published;
  }

  /** The cid and track of `trackPublished`, unless the server answers by something else. */
  addTrack(request: AddTrackRequest): { cid: string; track: Track } | undefined {
    const track = request.sid === '' ? this.#addPending(request) : this.#addCodecs(request);
    this.#retry();
    return track && { cid: request.cid, track };
  }

  #addCodecs(request: AddTrackRequest): Track | undefined {
    const track = this.#published.find(({ sid }) => sid === request.sid);
    for (const { codec, cid } of request.simulcastCodecs) {
      const origin = track?.codecs.find(({ name }) => name === bareName(codec));
      if (origin) origin.cid = cid;
    }
    return track;
  }

  #addPending({ cid, type, source, simulcastCodecs }: AddTrackRequest): Track | undefined {
    const same = this.#pending.get(cid);
    this.#count += 1;
    const sid = same?.tracks[0]?.sid ?? `TR_${this.#count}`;
    const codecs: Codec[] = simulcastCodecs.map(({ codec, cid: id }) => ({
      name: bareName(codec),
      cid: id,
      sdpCid: '',
    }));
    if (codecs.length === 0) codecs.push({ name: '', cid, sdpCid: '' });
    const track = { sid, type, source, codecs };
    const isTaken = this.#published.some((known) =>
      known.codecs.some((c) => c.cid === cid || c.sdpCid === cid),
    );
    if (same) same.tracks.push(track);
    else this.#pending.set(cid, { tracks: [track], isQueued: isTaken });
    return same || isTaken ? undefined : track;
  }

  offer(sdp: string): void {
    const sections = parse(sdp);
    this.#lastOffer = sections;
    const unmatched = sections.filter((section) => !this.#answered.has(first(section, 'mid') ?? ''));
    for (const kind of ['audio', 'video']) {
      for (const section of unmatched) if (section.kind === kind) this.#populateSdpCid(section);
    }
    for (const section of sections) this.#answered.add(first(section, 'mid') ?? '');
    for (const stream of sections.flatMap(streamsOf)) this.#receive(stream);
    this.#retry();
  }

  /** RTP with an SSRC that no offer has named: pion takes it for a stream of some section, of that kind at least. */
  undeclared(): void {
    for (const section of this.#lastOffer) {
      if (values(section, 'ssrc').length > 0 || values(section, 'rid').length > 0) continue;
      const msids = values(section, 'msid').map((msid) => msid.split(' '));
      const id = msids.findLast((parts) => parts.length === 2)?.[1] ?? '';
      this.#receive({ id, type: section.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO });
    }
  }

  #populateSdpCid(section: MediaSection): void {
    const msid = first(section, 'msid');
    if (msid === undefined) return;
    const id = msid.split(' ')[1] ?? msid;
    const type = section.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO;
    const names = values(section, 'rtpmap').map((line) => bareName(line.split(' ')[1]?.split('/')[0] ?? ''));
    const pending = this.#find(id, type, false);
    if (pending) {
      const codec =
        pending.tracks[0]?.codecs.find(({ name }) => names.includes(name)) ?? pending.tracks[0]?.codecs[0];
      if (codec && codec === pending.tracks[0]?.codecs[0] && codec.cid !== id) codec.sdpCid = id;
      return;
    }
    const open = this.#published.flatMap(({ codecs }) =>
      codecs.filter(({ name, cid, sdpCid }) => names.includes(name) && cid !== '' && sdpCid === ''),
    );
    if (open.some(({ cid }) => cid === id)) return;
    const codec = open.at(-1);
    if (codec) codec.sdpCid = id;
  }

  #find(id: string, type: TrackType, skipQueued: boolean): Pending | undefined {
    const all = [...this.#pending.values()];
    const byCodec = all.filter(({ tracks }) => tracks[0]?.codecs.some(({ cid }) => cid === id));
    const byType = all.filter(({ tracks }) => tracks[0]?.type === type);
    const found = this.#pending.get(id) ?? this.#any(byCodec) ?? this.#any(byType);
    return found && skipQueued && found.isQueued ? undefined : found;
  }

  #any<Item>(items: readonly Item[]): Item | undefined {
    return items.length === 0 ? undefined : items[this.#pick(items.length)];
  }

  #receive(stream: Stream): void {
    const known = this.#published.find(
      ({ codecs }) =>
        stream.id !== '' && codecs.some(({ cid, sdpCid }) => cid === stream.id || sdpCid === stream.id),
    );
    const track = known ?? this.#publish(stream);
    if (track) this.bindings.push({ stream, track });
    else this.#waiting.push(stream);
  }

  #publish(stream: Stream): Track | undefined {
    const pending = this.#find(stream.id, stream.type, true);
    const track = pending?.tracks.shift();
    if (!pending || !track) return undefined;
    pending.isQueued = true;
    for (const [cid, entry] of this.#pending) if (entry.tracks.length === 0) this.#pending.delete(cid);
    // A track declared without codecs gets the first of its stream: a voice RED, where the client prefers it.
    for (const codec of track.codecs) {
      if (codec.name === '') Object.assign(codec, { name: stream.type === TrackType.AUDIO ? 'red' : 'vp8' });
    }
    this.#published.push(track);
    return track;
  }

  #retry(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) this.#receive(stream);
  }
}

const bareName = (codec: string): string => codec.toLowerCase().split('/').at(-1) ?? '';
const values = (section: MediaSection, key: string): string[] =>
  section.attributes.filter(([name]) => name === key).map(([, value]) => value);
const first = (section: MediaSection, key: string): string | undefined => values(section, key)[0];

function parse(sdp: string): MediaSection[] {
  const sections: { kind: string; attributes: [string, string][] }[] = [];
  for (const line of sdp.split('\n').map((text) => text.replaceAll('\r', ''))) {
    if (line.startsWith('m='))
      sections.push({ kind: line.slice(2).split(/[ \t]+/)[0] ?? '', attributes: [] });
    if (!line.startsWith('a=')) continue;
    const [key = '', ...value] = line.slice(2).split(':');
    sections.at(-1)?.attributes.push([key, value.join(':')]);
  }
  return sections;
}

/** pion's trackDetailsFromSDP. */
function streamsOf(section: MediaSection): Stream[] {
  if (section.kind !== 'audio' && section.kind !== 'video') return [];
  if (section.attributes.some(([key]) => key === 'recvonly' || key === 'inactive')) return [];
  const type = section.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO;
  let id = '';
  const streams = new Map<string, Stream>();
  for (const [key, value] of section.attributes) {
    id = namedIn(key, value) ?? id;
    if (key === 'ssrc') streams.set(value.split(' ')[0] ?? '', { id, type });
  }
  return values(section, 'rid').length > 0 && id !== '' ? [{ id, type }] : [...streams.values()];
}

/** The track id in an attribute. An `a=ssrc` without one has that of the last attribute with one. */
function namedIn(key: string, value: string): string | undefined {
  const parts = value.split(' ');
  if (key === 'msid') return parts.length === 2 ? parts[1] : undefined;
  return key === 'ssrc' && parts.length === 3 && parts[1]?.startsWith('msid:') ? parts[2] : undefined;
}
