import type { OpenDescription, OpenSection } from './open-description.ts';

/** Longest id of a track in characters; browsers write 36 to 38. */
const MAX_TRACK_ID = 256;
/** Longest parameters of a codec in characters; browsers write up to 100. */
const MAX_FORMAT = 256;
/** Layers of one track: low, medium, high. */
const MAX_RIDS = 3;
/** Sources of one section: three layers, each with its retransmission stream, and room for more of them. */
const MAX_SSRCS = 16;
const MAX_SSRC = 2 ** 32 - 1;

/** A word of RFC 4566; up to 16 characters, for more do not fit into a one-byte header extension. */
const WORD = /^[!#-'*+\-.0-9A-Z^-~]{1,16}$/;
const RID = /^[\w-]{1,16}$/;
const DIRECTIONS = ['sendrecv', 'sendonly', 'recvonly', 'inactive'] as const;

type ReadAttribute<T> = (target: T, value: string) => string | undefined;

const TRANSPORT_VALUES: ReadonlyMap<string, RegExp> = new Map([
  // RFC 8839, section 5.4.
  ['ice-ufrag', /^[\w+/-]{4,256}$/],
  ['ice-pwd', /^[\w+/-]{22,256}$/],
  ['fingerprint', /^sha-256 [\dA-F]{2}(?::[\dA-F]{2}){31}$/i],
  ['setup', /^(?:active|passive|actpass)$/],
]);

/**
 * What ICE and DTLS need stands once for all sections (Firefox's fingerprint), or in each of them. All of them share
 * one transport, so that differing values have no meaning that everybody would find.
 */
function readTransport(description: OpenDescription, key: string, value: string): string | undefined {
  if (TRANSPORT_VALUES.get(key)?.test(value) !== true) return `${key} malformed`;
  const known = description.transport.get(key);
  const read = key === 'fingerprint' ? `sha-256 ${value.slice(8).toUpperCase()}` : value;
  if (known !== undefined && known !== read) return `${key} differs between m-lines`;
  description.transport.set(key, read);
  return undefined;
}

function readGroup(description: OpenDescription, value: string): string | undefined {
  const [semantics, ...mids] = value.split(' ');
  if (semantics !== 'BUNDLE') return undefined;
  if (description.group !== undefined) return 'BUNDLE given twice';
  if (new Set(mids).size !== mids.length) return 'mid twice in BUNDLE';
  description.group = mids;
  return undefined;
}

function readMid(section: OpenSection, mid: string): string | undefined {
  if (section.mid !== undefined) return 'mid given twice';
  if (!WORD.test(mid)) return 'mid malformed';
  section.mid = mid;
  return undefined;
}

function readTrackId(section: OpenSection, id: string): string | undefined {
  if (section.kind === 'application') return 'track in a data section';
  if (!/^[!-~]+$/.test(id) || id.length > MAX_TRACK_ID) return 'track id malformed';
  if (section.trackId !== undefined && section.trackId !== id) return 'two tracks in an m-line';
  section.trackId = id;
  return undefined;
}

function readMsid(section: OpenSection, value: string): string | undefined {
  const [stream = '', track = '', ...more] = value.split(' ');
  return stream === '' || more.length > 0 ? 'msid malformed' : readTrackId(section, track);
}

function readSsrc(section: OpenSection, value: string): string | undefined {
  const [number = '', attribute = '', track = '', ...more] = value.split(' ');
  const ssrc = /^\d{1,10}$/.test(number) ? Number(number) : 0;
  if (ssrc === 0 || ssrc > MAX_SSRC) return 'ssrc malformed';
  section.ssrcs.add(ssrc);
  if (section.ssrcs.size > MAX_SSRCS) return 'too many sources in an m-line';
  if (!attribute.toLowerCase().startsWith('msid')) return undefined;
  if (!/^msid:[!-~]+$/.test(attribute) || more.length > 0) return 'ssrc malformed';
  return readTrackId(section, track);
}

function readRtpmap(section: OpenSection, value: string): string | undefined {
  const [, type = '', rtpmap = ''] = /^(\d{1,3}) ([!-~]{1,64})$/.exec(value) ?? [];
  if (rtpmap === '') return 'rtpmap malformed';
  if (section.rtpmaps.has(Number(type))) return 'rtpmap given twice';
  section.rtpmaps.set(Number(type), rtpmap);
  return undefined;
}

function readFmtp(section: OpenSection, value: string): string | undefined {
  const [, type = '', format = ''] = /^(\d{1,3}) ([!-~][ -~]*)$/.exec(value) ?? [];
  if (format === '' || format.length > MAX_FORMAT) return 'fmtp malformed';
  if (section.fmtps.has(Number(type))) return 'fmtp given twice';
  section.fmtps.set(Number(type), format);
  return undefined;
}

function readExtmap(section: OpenSection, value: string): string | undefined {
  const [, id = '', said, name = ''] = /^(\d{1,4})(?:\/([a-z]+))? ([!-~]+)(?: [ -~]*)?$/.exec(value) ?? [];
  const direction = said === undefined ? 'sendrecv' : DIRECTIONS.find((one) => one === said);
  if (name === '' || direction === undefined) return 'extmap malformed';
  if (section.extensions.has(Number(id))) return 'extmap id given twice';
  section.extensions.set(Number(id), { name, direction });
  return undefined;
}

function readRid(section: OpenSection, value: string): string | undefined {
  const [rid = '', direction = ''] = value.split(' ');
  if (!RID.test(rid) || (direction !== 'send' && direction !== 'recv')) return 'rid malformed';
  if (section.sentRids.has(rid)) return 'rid given twice';
  if (direction === 'send') section.sentRids.add(rid);
  return section.sentRids.size > MAX_RIDS ? 'too many rids in an m-line' : undefined;
}

/** `send q;h;f`: alternatives (`q,x`) are refused, for we forward each layer as it is; `~` (paused) says nothing to us. */
function readSimulcast(section: OpenSection, value: string): string | undefined {
  if (section.simulcast !== undefined) return 'simulcast given twice';
  const words = /^(send|recv) ([\w;~-]+)(?: (send|recv) ([\w;~-]+))?$/.exec(value);
  if (!words || words[1] === words[3]) return 'simulcast malformed';
  const list = words[1] === 'send' ? words[2] : words[4];
  const rids = (list ?? '').split(';').map((rid) => rid.replace(/^~/, ''));
  section.simulcast = list === undefined ? [] : rids;
  return new Set(rids).size === rids.length ? undefined : 'rid given twice';
}

const SECTION_ATTRIBUTES: ReadonlyMap<string, ReadAttribute<OpenSection>> = new Map([
  ['mid', readMid],
  ['msid', readMsid],
  ['ssrc', readSsrc],
  ['rtpmap', readRtpmap],
  ['fmtp', readFmtp],
  ['extmap', readExtmap],
  ['rid', readRid],
  ['simulcast', readSimulcast],
]);

/** Reads an `a=` line: of a section, or of the whole description. What we have no use for says nothing. */
export function readAttribute(description: OpenDescription, line: string): string | undefined {
  const colon = line.indexOf(':');
  const key = colon < 0 ? line.slice(2) : line.slice(2, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1);
  if (/[A-Z]/.test(key)) return 'attribute in capitals';
  if (TRANSPORT_VALUES.has(key)) return readTransport(description, key, value);
  const section = description.sections.at(-1);
  const direction = DIRECTIONS.find((one) => one === key);
  if (section) {
    if (direction === undefined) return SECTION_ATTRIBUTES.get(key)?.(section, value);
    if (section.direction !== undefined) return 'direction given twice';
    section.direction = direction;
    return undefined;
  }
  if (key === 'group') return readGroup(description, value);
  // Firefox writes the default here. Other defaults, and extensions for all sections, some readers would not see.
  if (direction !== undefined && direction !== 'sendrecv') return 'direction outside of an m-line';
  return key === 'extmap' ? 'extmap outside of an m-line' : undefined;
}
