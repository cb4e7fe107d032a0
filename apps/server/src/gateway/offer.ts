import { TrackType } from '@livekit/protocol';

/** Longest description in characters: Chromium writes up to 5 KB for a video section, and a message has 512 KB. */
export const MAX_SDP = 512 * 1024;
/** Most lines, empty ones among them: those of browsers are 35 characters long on average. A short line takes as long as a long one. */
export const MAX_LINES = 20_000;
/** Most sections: in a call of 100 people everybody's two tracks have one each, and browsers never remove any. */
export const MAX_SECTIONS = 500;
/** Most different tracks that one section names; browsers name one, once for each stream that it is in. */
const MAX_TRACKS_PER_SECTION = 8;
/** Longest id of a section or track; browsers write 1 to 4 and 36 to 38 characters. */
export const MAX_ID = 256;

/** An m-line of a client's offer or answer. */
export interface Section {
  readonly mid: string;
  readonly kind: 'audio' | 'video' | 'application';
  /** Neither `recvonly` nor `inactive`: the client may send in it. No direction means that it may. */
  readonly sends: boolean;
  /** The tracks that it names, in `a=msid` or `a=ssrc ... msid`, whatever its direction. */
  readonly trackIds: readonly string[];
}

/** A description was read, or why it was not. */
export type ReadSdp = { readonly sections: readonly Section[] } | { readonly refusal: string };

/** The type that a track of a section has. */
export const typeOfSection = (section: Section): TrackType =>
  section.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO;

/**
 * Codecs that LiveKit finds a published track by, when no id of a section fits (populateSdpCid), without a look at the
 * section's kind: a voice that offers VP8 would be bound to the camera. Opus in a video section is the same.
 */
const VIDEO_CODECS = new Set(['h264', 'h265', 'vp8', 'vp9', 'av1', 'rtx', 'flexfec', 'flexfec-03', 'ulpfec']);
const AUDIO_CODECS = new Set(['opus', 'g722', 'pcmu', 'pcma']);

/** Whether a codec's name (`VP8`, `video/VP8`) belongs to the other type. */
export function isOtherTypesCodec(type: TrackType, codec: string): boolean {
  const name = codec.toLowerCase();
  const [family, bare] = name.includes('/') ? name.split('/', 2) : [undefined, name];
  if (type === TrackType.AUDIO) return family === 'video' || VIDEO_CODECS.has(bare ?? '');
  return family === 'audio' || AUDIO_CODECS.has(bare ?? '');
}

interface OpenSection {
  mid: string | undefined;
  readonly kind: Section['kind'];
  direction: string | undefined;
  readonly trackIds: Set<string>;
  /** An `a=ssrc` that stands before any track's name: pion gives such a stream an empty track id. */
  hasNamelessSource: boolean;
}

const M_LINE = /^m=(audio|video|application) \d{1,5}(?:\/\d{1,5})? [A-Z/]{3,40} [ -~]+$/;
const DIRECTIONS = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);
const LINE = /^[a-z]=[ -~]*$/;

/**
 * Reads the sections of a client's offer or answer, in one pass. What two readers could understand differently is
 * refused: other characters than printable ASCII, lone carriage returns, names given twice, odd spaces. Never throws.
 */
export function readSdp(sdp: string): ReadSdp {
  if (sdp.length > MAX_SDP) return { refusal: 'description too long' };
  const sections: OpenSection[] = [];
  const lines = sdp.split(/\r?\n/, MAX_LINES + 1);
  if (lines.length > MAX_LINES) return { refusal: 'too many lines' };
  for (const line of lines) {
    if (line === '') continue;
    if (!LINE.test(line)) return { refusal: 'line malformed' };
    const refusal = line.startsWith('m=') ? open(sections, line) : readLine(sections.at(-1), line);
    if (refusal !== undefined) return { refusal };
  }
  return closed(sections);
}

function open(sections: OpenSection[], line: string): string | undefined {
  const kind = M_LINE.exec(line)?.[1];
  if (kind !== 'audio' && kind !== 'video' && kind !== 'application') return 'm-line malformed';
  if (sections.length >= MAX_SECTIONS) return 'too many m-lines';
  sections.push({
    kind,
    mid: undefined,
    direction: undefined,
    trackIds: new Set(),
    hasNamelessSource: false,
  });
  return undefined;
}

function readLine(section: OpenSection | undefined, line: string): string | undefined {
  if (!section || !line.startsWith('a=')) return undefined;
  const colon = line.indexOf(':');
  const key = colon > 2 ? line.slice(2, colon) : line.slice(2);
  const value = colon > 2 ? line.slice(colon + 1) : '';
  if (DIRECTIONS.has(key)) return readDirection(section, key);
  if (key === 'mid') return readMid(section, value);
  if (key === 'msid') return readMsid(section, value);
  if (key === 'ssrc') return readSsrc(section, value);
  if (key === 'rtpmap') return readCodec(section, value);
  return undefined;
}

function readDirection(section: OpenSection, direction: string): string | undefined {
  if (section.direction !== undefined) return 'direction given twice';
  section.direction = direction;
  return undefined;
}

function readMid(section: OpenSection, mid: string): string | undefined {
  if (section.mid !== undefined) return 'mid given twice';
  if (!/^[!-~]+$/.test(mid) || mid.length > MAX_ID) return 'mid malformed';
  section.mid = mid;
  return undefined;
}

function readMsid(section: OpenSection, value: string): string | undefined {
  const id = /^[!-~]+ ([!-~]+)$/.exec(value)?.[1];
  return id === undefined ? 'msid malformed' : addTrack(section, id);
}

function readSsrc(section: OpenSection, value: string): string | undefined {
  const [ssrc = '', attribute = '', id = '', ...more] = value.split(' ');
  if (!/^\d{1,10}$/.test(ssrc)) return 'ssrc malformed';
  if (attribute.toLowerCase().startsWith('msid')) {
    if (!/^msid:[!-~]+$/.test(attribute) || id === '' || more.length > 0) return 'ssrc malformed';
    return addTrack(section, id);
  }
  if (section.trackIds.size === 0) section.hasNamelessSource = true;
  return undefined;
}

function addTrack(section: OpenSection, id: string): string | undefined {
  if (section.kind === 'application') return 'track in a data section';
  if (id.length > MAX_ID) return 'track id too long';
  section.trackIds.add(id);
  return section.trackIds.size > MAX_TRACKS_PER_SECTION ? 'too many tracks in an m-line' : undefined;
}

function readCodec(section: OpenSection, value: string): string | undefined {
  const name = /^\d{1,3} ([!-.0-~]+)(?:\/|$)/.exec(value)?.[1];
  if (name === undefined) return 'rtpmap malformed';
  if (section.kind === 'application') return undefined;
  const type = section.kind === 'audio' ? TrackType.AUDIO : TrackType.VIDEO;
  return isOtherTypesCodec(type, name) ? 'codec of another kind' : undefined;
}

function closed(sections: readonly OpenSection[]): ReadSdp {
  const mids = new Set<string>();
  const read: Section[] = [];
  for (const { mid, kind, direction, trackIds, hasNamelessSource } of sections) {
    if (mid === undefined || mids.has(mid)) return { refusal: 'mid missing or given twice' };
    mids.add(mid);
    const sends = direction !== 'recvonly' && direction !== 'inactive';
    const isNameless = trackIds.size === 0 || hasNamelessSource;
    if (kind !== 'application' && sends && isNameless)
      return { refusal: 'sending m-line without a track id' };
    read.push({ mid, kind, sends, trackIds: [...trackIds] });
  }
  return { sections: read };
}
