import type { Codec, ExtensionIds } from '../media/media-peer.ts';
import { codecOf, EXTENSIONS } from './codecs.ts';
import type { ApplicationSection, MediaSection, ReadDescription } from './description.ts';
import { type OpenDescription, type OpenSection, openSection } from './open-description.ts';
import { readAttribute } from './read-attributes.ts';

/** Longest description in characters: Chromium writes up to 5 KB for a video section, and a message has 512 KB. */
export const MAX_SDP = 512 * 1024;
/** Most sections: in a call of 100 people everybody's two tracks have one each, and browsers never remove any. */
export const MAX_SECTIONS = 500;

const LINE = /^[a-z]=[ -~]*$/;
/** One-byte header extensions (RFC 8285): we offer no others. */
const MAX_EXTENSION_ID = 14;
/** Those that RTCP has on a shared port (RFC 5761). */
const isRtcpType = (payloadType: number): boolean => payloadType >= 64 && payloadType <= 95;

/**
 * Reads a client's offer or answer in one pass. What two readers could understand differently is refused: other
 * characters than printable ASCII, lone carriage returns, values given twice, odd spaces, sections that do not share
 * one transport. Time and memory grow with the length, at most `MAX_SDP`. Never throws.
 */
export function readDescription(text: string): ReadDescription {
  if (text.length > MAX_SDP) return { refusal: 'description too long' };
  const description: OpenDescription = { sections: [], group: undefined, transport: new Map() };
  const lines = text.split(/\r?\n/);
  if (lines[0] !== 'v=0') return { refusal: 'description does not begin with v=0' };
  for (const line of lines) {
    if (line === '') continue;
    if (!LINE.test(line)) return { refusal: 'line malformed' };
    const refusal = readLine(description, line);
    if (refusal !== undefined) return { refusal };
  }
  const refusal = disagreement(description);
  return refusal === undefined ? closed(description) : { refusal };
}

function readLine(description: OpenDescription, line: string): string | undefined {
  if (line.startsWith('a=')) return readAttribute(description, line);
  if (!line.startsWith('m=')) return undefined;
  const section = openSection(line);
  if (typeof section === 'string') return section;
  if (description.sections.length >= MAX_SECTIONS) return 'too many m-lines';
  if (section.kind === 'application' && description.sections.some(({ kind }) => kind === 'application'))
    return 'two data sections';
  description.sections.push(section);
  return undefined;
}

/** What single lines do not show: names that belong to two sections, and sections outside of the one transport. */
function disagreement({ sections, group = [] }: OpenDescription): string | undefined {
  const mids = new Set<string>();
  const ssrcs = new Set<number>();
  const extensions = new Map<string | number, string | number>();
  const bundled = new Set(group);
  for (const section of sections) {
    if (section.mid === undefined || mids.has(section.mid)) return 'mid missing or given twice';
    mids.add(section.mid);
    if (section.port !== 0 && !bundled.has(section.mid)) return 'm-line outside of BUNDLE';
    for (const ssrc of section.ssrcs) {
      if (ssrcs.has(ssrc)) return 'ssrc in two m-lines';
      ssrcs.add(ssrc);
    }
    if (!shareExtensions(extensions, section)) return 'extmap ids differ between m-lines';
  }
  return group.every((mid) => mids.has(mid)) ? undefined : 'BUNDLE names an unknown mid';
}

/** A packet's section is found by an extension, so its id must not depend on the section (RFC 8843, section 8). */
function shareExtensions(known: Map<string | number, string | number>, section: OpenSection): boolean {
  for (const [id, { name }] of section.extensions) {
    if ((known.get(name) ?? id) !== id || (known.get(id) ?? name) !== name) return false;
    known.set(name, id).set(id, name);
  }
  return true;
}

function closed({ sections, group = [], transport }: OpenDescription): ReadDescription {
  const setup = transport.get('setup');
  const [ufrag, pwd, fingerprint] = ['ice-ufrag', 'ice-pwd', 'fingerprint'].map((key) => transport.get(key));
  if (ufrag === undefined || pwd === undefined || fingerprint === undefined)
    return { refusal: 'ice-ufrag, ice-pwd or fingerprint missing' };
  if (setup !== 'active' && setup !== 'passive' && setup !== 'actpass') return { refusal: 'setup missing' };
  const bundled = new Set(group);
  const read = sections.map((section) => closedSection(section, bundled));
  const hasData = read.some(({ kind, isRejected }) => kind === 'application' && !isRejected);
  return { description: { parameters: { ufrag, pwd, fingerprint, setup, hasData }, sections: read } };
}

function closedSection(
  section: OpenSection,
  bundled: ReadonlySet<string>,
): MediaSection | ApplicationSection {
  const { kind, mid = '', trackId } = section;
  // Firefox writes port 0 for bundled sections, too.
  const rejected = bundled.has(mid) ? {} : { isRejected: true as const };
  if (kind === 'application') return { mid, kind, ...rejected };
  return {
    mid,
    kind,
    direction: bundled.has(mid) ? (section.direction ?? 'sendrecv') : 'inactive',
    trackId,
    ...readCodecs(kind, section),
    ...readExtensions(section),
    rids: readRids(section),
    ssrcs: [...section.ssrcs],
    ...rejected,
  };
}

function readCodecs(
  kind: MediaSection['kind'],
  section: OpenSection,
): Pick<MediaSection, 'payloadTypes' | 'h264Format'> {
  const payloadTypes = new Map<Codec, number>();
  for (const type of section.formats) {
    const codec = codecOf(kind, section.rtpmaps.get(type) ?? '');
    if (codec === undefined || payloadTypes.has(codec) || isRtcpType(type)) continue;
    if (codec === 'h264' && !/(?:^|[; ])packetization-mode=1(?:;|$)/.test(section.fmtps.get(type) ?? ''))
      continue;
    payloadTypes.set(codec, type);
  }
  const h264Format = section.fmtps.get(payloadTypes.get('h264') ?? -1);
  return h264Format === undefined ? { payloadTypes } : { payloadTypes, h264Format };
}

/** Those that the client sends; Firefox offers a layer's id for that direction alone. */
function readExtensions(section: OpenSection): Pick<MediaSection, 'extensions' | 'sentExtensions'> {
  const ids: Partial<Record<keyof ExtensionIds, number>> = {};
  const sent = new Set<keyof ExtensionIds>();
  for (const [id, { name: uri, direction }] of section.extensions) {
    const name = EXTENSIONS.get(uri);
    if (name === undefined || id < 1 || id > MAX_EXTENSION_ID) continue;
    if (direction !== 'sendrecv' && direction !== 'sendonly') continue;
    ids[name] = id;
    if (direction === 'sendonly') sent.add(name);
  }
  return sent.size === 0 ? { extensions: ids } : { extensions: ids, sentExtensions: sent };
}

const LAYERS = ['q', 'h', 'f'];

/** LiveKit's ids in their own order, whatever the client's; other ids in the client's. */
function readRids({ simulcast = [], sentRids }: OpenSection): string[] {
  const rids = simulcast.filter((rid) => sentRids.has(rid));
  return rids.every((rid) => LAYERS.includes(rid)) ? LAYERS.filter((rid) => rids.includes(rid)) : rids;
}
