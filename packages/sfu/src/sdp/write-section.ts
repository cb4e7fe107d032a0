import type { Codec, ExtensionIds, Kind } from '../media/media-peer.ts';
import type { LocalParameters } from '../transport/transport.ts';
import { CODECS, EXTENSIONS, VIDEO_FEEDBACK } from './codecs.ts';
import type { SectionUse } from './description.ts';

/** An audio or video section to write. */
export interface WrittenSection {
  readonly mid: string;
  readonly codec: Codec;
  readonly payloadType: number;
  /** Parameters of H264; others have ours. */
  readonly h264Format?: string | undefined;
  readonly extensions: ExtensionIds;
  /** Those that we only receive. */
  readonly receivedExtensions?: ReadonlySet<keyof ExtensionIds> | undefined;
  readonly use: SectionUse | undefined;
}

/** Lines as a description. Every line ends with CRLF (RFC 8866). */
export const textOf = (lines: readonly string[]): string => `${lines.join('\r\n')}\r\n`;

/** What stands above the sections. `mids` are those that share the transport. */
export const sessionLines = (version: number, mids: readonly string[]): string[] => [
  'v=0',
  // Nobody reads the session's id; its version has to rise.
  `o=- 1 ${version} IN IP4 127.0.0.1`,
  's=-',
  't=0 0',
  ...(mids.length > 0 ? [`a=group:BUNDLE ${mids.join(' ')}`] : []),
  'a=msid-semantic: WMS *',
];

const transportLines = (local: LocalParameters, mid: string): string[] => [
  'c=IN IP4 0.0.0.0',
  `a=mid:${mid}`,
  `a=ice-ufrag:${local.ufrag}`,
  `a=ice-pwd:${local.pwd}`,
  `a=fingerprint:${local.fingerprint}`,
  `a=setup:${local.setup}`,
  'a=ice-options:trickle',
];

/** Data channels. Messages have at most 256 KB, as browsers have it. */
export const applicationLines = (local: LocalParameters, mid: string): string[] => [
  'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  ...transportLines(local, mid),
  'a=sctp-port:5000',
  'a=max-message-size:262144',
];

/** A section that is not to be used: refused for good, in its place. */
export const rejectedLines = (
  local: LocalParameters,
  { kind, mid }: { kind: Kind | 'application'; mid: string },
): string[] => [
  kind === 'application'
    ? 'm=application 0 UDP/DTLS/SCTP webrtc-datachannel'
    : `m=${kind} 0 UDP/TLS/RTP/SAVPF 0`,
  ...transportLines(local, mid),
  'a=inactive',
];

/** An audio or video section with one payload type. Extensions stand in unused ones, too. */
export function mediaLines(local: LocalParameters, section: WrittenSection): string[] {
  const { mid, codec, payloadType, use } = section;
  const { kind, rtpmap, format } = CODECS[codec];
  const parameters = (codec === 'h264' ? section.h264Format : undefined) ?? format;
  const feedback = kind === 'video' ? VIDEO_FEEDBACK : [];
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${payloadType}`,
    ...transportLines(local, mid),
    'a=rtcp-mux',
    'a=rtcp-rsize',
    `a=rtpmap:${payloadType} ${rtpmap}`,
    ...(parameters === undefined ? [] : [`a=fmtp:${payloadType} ${parameters}`]),
    ...feedback.map((one) => `a=rtcp-fb:${payloadType} ${one}`),
    ...extensionLines(section),
    ...useLines(use),
  ];
}

function* extensionLines({ extensions, receivedExtensions }: WrittenSection): Generator<string> {
  for (const [uri, name] of EXTENSIONS) {
    const id = extensions[name];
    if (id !== undefined) yield `a=extmap:${id}${receivedExtensions?.has(name) ? '/recvonly' : ''} ${uri}`;
  }
}

function useLines(use: SectionUse | undefined): string[] {
  if (use === undefined) return ['a=inactive'];
  if (use.use === 'receive') {
    const { rids } = use;
    if (rids.length === 0) return ['a=recvonly'];
    return ['a=recvonly', ...rids.map((rid) => `a=rid:${rid} recv`), `a=simulcast:recv ${rids.join(';')}`];
  }
  // The client learns from the stream's id whose track it is.
  const msid = `${use.participantSid}|${use.trackSid} ${use.trackSid}`;
  return [
    'a=sendonly',
    `a=msid:${msid}`,
    `a=ssrc:${use.ssrc} cname:${use.participantSid}`,
    `a=ssrc:${use.ssrc} msid:${msid}`,
  ];
}
