import { SESSION } from '../sdp/test-descriptions.ts';

/** An m-line of a client by hand. */
export interface TestSection {
  readonly mid: string;
  readonly kind: 'audio' | 'video' | 'application';
  readonly direction?: 'sendonly' | 'recvonly' | 'sendrecv' | 'inactive';
  readonly trackId?: string;
  readonly rids?: readonly string[];
  readonly codecs?: readonly ('VP8' | 'H264')[];
}

const VIDEO = {
  VP8: ['96', 'a=rtpmap:96 VP8/90000'],
  H264: ['102', 'a=rtpmap:102 H264/90000', 'a=fmtp:102 packetization-mode=1;profile-level-id=42e01f'],
} as const;

/** A client's description. */
export function testSdp(sections: readonly TestSection[], ufrag = 'abcd'): string {
  const group = `a=group:BUNDLE ${sections.map(({ mid }) => mid).join(' ')}`;
  const head = SESSION.map((line) => (line.startsWith('a=group') ? group : line.replace('abcd', ufrag)));
  return [...head, ...sections.flatMap(linesOf), ''].join('\r\n');
}

function linesOf({
  mid,
  kind,
  direction = 'sendonly',
  trackId,
  rids = [],
  codecs = ['VP8'],
}: TestSection): string[] {
  if (kind === 'application') {
    return ['m=application 9 UDP/DTLS/SCTP webrtc-datachannel', `a=mid:${mid}`, 'a=sctp-port:5000'];
  }
  const formats =
    kind === 'audio' ? [['111', 'a=rtpmap:111 opus/48000/2']] : codecs.map((codec) => [...VIDEO[codec]]);
  return [
    `m=${kind} 9 UDP/TLS/RTP/SAVPF ${formats.map(([type]) => type).join(' ')}`,
    `a=mid:${mid}`,
    `a=${direction}`,
    ...(trackId === undefined ? [] : [`a=msid:- ${trackId}`]),
    'a=rtcp-mux',
    'a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid',
    ...formats.flatMap(([, ...lines]) => lines),
    ...rids.map((rid) => `a=rid:${rid} send`),
    ...(rids.length > 0 ? [`a=simulcast:send ${rids.join(';')}`] : []),
  ];
}

/** What one of our descriptions says of each section, by mid: direction, and the track that is sent in it. */
export function readTestSdp(sdp: string): Record<string, { direction: string; track: string | undefined }> {
  const sections = sdp.split('\r\nm=').slice(1);
  return Object.fromEntries(
    sections.map((text) => [
      /\r\na=mid:(\S+)/.exec(text)?.[1] ?? '',
      {
        direction: /\r\na=(sendonly|recvonly|sendrecv|inactive)/.exec(text)?.[1] ?? '',
        track: /\r\na=msid:\S+ (\S+)/.exec(text)?.[1],
      },
    ]),
  );
}
