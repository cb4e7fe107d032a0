import type { Codec } from '../media/media-peer.ts';
import type { Track } from '../rooms/state.ts';
import type { Description, MediaSection } from '../sdp/description.ts';

/** A section in which the client sends, and the track that it declared for it. */
export interface Binding {
  readonly section: MediaSection;
  readonly track: Track;
  readonly codec: Codec;
}

/** What an offer says of the client's own tracks. */
export interface Bound {
  readonly bindings: readonly Binding[];
  /** Were brought by earlier offers, and are not sent any more. */
  readonly ended: readonly Track[];
}

/**
 * Finds the declared track of each section in which the client sends: the one that is there already, the one declared
 * under the section's track id, or the first of its kind that waits (Firefox's track ids are not those it declared). A
 * section and its track are always of one kind, so that nobody sends sound under a picture's right. Sections without a
 * track stay out.
 */
export function bindTracks(
  { sections }: Description,
  known: ReadonlyMap<string, Track>,
  declared: Iterable<Track>,
): Bound {
  const sending = sections.filter(isSending);
  const waiting = new Set([...declared].filter(({ codec }) => codec === undefined));
  const named = (section: MediaSection): Track | undefined =>
    [...waiting].find((track) => track.kind === section.kind && isNamed(track, section.trackId));
  const found = new Map<MediaSection, Track>();
  const take = (section: MediaSection, track: Track | undefined): void => {
    if (!track) return;
    waiting.delete(track);
    found.set(section, track);
  };
  // A section whose id is that of a new declaration has a new track: browsers use sections again.
  for (const section of sending) take(section, named(section) ?? known.get(section.mid));
  for (const section of sending) {
    if (!found.has(section))
      take(
        section,
        [...waiting].find(({ kind }) => kind === section.kind),
      );
  }
  const isFound = new Set(found.values());
  return {
    bindings: [...found].flatMap(([section, track]) => {
      const codec = track.codec ?? codecFor(track, section);
      return codec !== undefined && section.payloadTypes.has(codec) ? [{ section, track, codec }] : [];
    }),
    ended: [...known.values()].filter((track) => !isFound.has(track)),
  };
}

const isSending = (section: Description['sections'][number]): section is MediaSection =>
  section.kind !== 'application' &&
  (section.direction === 'sendonly' || section.direction === 'sendrecv') &&
  section.payloadTypes.size > 0;

const isNamed = ({ cid, declared }: Track, id: string | undefined): boolean =>
  id !== undefined && (cid === id || declared.simulcastCodecs[0]?.cid === id);

/** The codec that the client declared, or the one that everybody has. */
function codecFor({ kind, declared }: Track, { payloadTypes }: MediaSection): Codec | undefined {
  if (kind === 'audio') return payloadTypes.has('opus') ? 'opus' : undefined;
  const asked = declared.simulcastCodecs[0]?.codec.toLowerCase().replace('video/', '');
  if (asked === 'h264' && payloadTypes.has('h264')) return 'h264';
  if (payloadTypes.has('vp8')) return 'vp8';
  return payloadTypes.has('h264') ? 'h264' : undefined;
}
