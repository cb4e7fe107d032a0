import type { MediaSection } from './description.ts';

export interface OpenExtension {
  readonly name: string;
  readonly direction: MediaSection['direction'];
}

/** A section while its lines are read. */
export interface OpenSection {
  readonly kind: MediaSection['kind'] | 'application';
  readonly port: number;
  /** Payload types in the order of the m-line. */
  readonly formats: ReadonlySet<number>;
  mid: string | undefined;
  direction: MediaSection['direction'] | undefined;
  trackId: string | undefined;
  /** `opus/48000/2`, by payload type. */
  readonly rtpmaps: Map<number, string>;
  readonly fmtps: Map<number, string>;
  /** Header extensions by id. */
  readonly extensions: Map<number, OpenExtension>;
  /** Simulcast ids that have a line of their own and that the client sends. */
  readonly sentRids: Set<string>;
  /** Simulcast ids in the order of `a=simulcast`. */
  simulcast: readonly string[] | undefined;
  readonly ssrcs: Set<number>;
}

/** A description while its lines are read. */
export interface OpenDescription {
  readonly sections: OpenSection[];
  /** Mids of the BUNDLE group. */
  group: readonly string[] | undefined;
  /** `ice-ufrag`, `ice-pwd`, `fingerprint` and `setup`: one value each in the whole description. */
  readonly transport: Map<string, string>;
}

const M_LINE =
  /^m=(?:(audio|video) (\d{1,5}) UDP\/TLS\/RTP\/SAVPF ((?:\d{1,3} ){0,127}\d{1,3})|(application) (\d{1,5}) UDP\/DTLS\/SCTP webrtc-datachannel)$/;

/** The section that an m-line opens, or why it opens none. */
export function openSection(line: string): OpenSection | string {
  const [, media, mediaPort, formats = '', , dataPort] = M_LINE.exec(line) ?? [];
  const port = Number(mediaPort ?? dataPort ?? Number.NaN);
  if (!(port <= 65_535)) return 'm-line malformed';
  const listed = formats === '' ? [] : formats.split(' ').map(Number);
  const unique = new Set(listed);
  if (unique.size !== listed.length || listed.some((type) => type > 127)) return 'payload type malformed';
  return {
    kind: media === 'audio' || media === 'video' ? media : 'application',
    port,
    formats: unique,
    mid: undefined,
    direction: undefined,
    trackId: undefined,
    rtpmaps: new Map(),
    fmtps: new Map(),
    extensions: new Map(),
    sentRids: new Set(),
    simulcast: undefined,
    ssrcs: new Set(),
  };
}
