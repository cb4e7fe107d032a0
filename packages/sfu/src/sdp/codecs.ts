import type { Codec, ExtensionIds, Kind } from '../media/media-peer.ts';

/** What descriptions say of a codec that we forward. */
interface CodecFacts {
  readonly kind: Kind;
  /** As in `a=rtpmap`; browsers differ in capitals. */
  readonly rtpmap: string;
  /** `a=fmtp` where the client did not say its own. */
  readonly format: string | undefined;
  /** In our own offers; answers take the client's. */
  readonly payloadType: number;
}

export const CODECS: Readonly<Record<Codec, CodecFacts>> = {
  opus: { kind: 'audio', rtpmap: 'opus/48000/2', format: 'minptime=10;useinbandfec=1', payloadType: 111 },
  vp8: { kind: 'video', rtpmap: 'VP8/90000', format: undefined, payloadType: 96 },
  h264: {
    kind: 'video',
    rtpmap: 'H264/90000',
    // Constrained baseline 3.1, which every browser with H264 decodes (RFC 7742).
    format: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    payloadType: 102,
  },
};

/** The codec of an `a=rtpmap` value's second word in a section of this kind; undefined where we do not forward it. */
export function codecOf(kind: Kind, rtpmap: string): Codec | undefined {
  const name = rtpmap.toLowerCase();
  if (kind === 'audio') return name === 'opus/48000/2' ? 'opus' : undefined;
  if (name === 'vp8/90000') return 'vp8';
  return name === 'h264/90000' ? 'h264' : undefined;
}

/** Header extensions that we use or repeat, by the name in `a=extmap`. */
export const EXTENSIONS: ReadonlyMap<string, keyof ExtensionIds> = new Map([
  ['urn:ietf:params:rtp-hdrext:sdes:mid', 'mid'],
  ['urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', 'rid'],
  ['urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', 'repairedRid'],
  ['urn:ietf:params:rtp-hdrext:ssrc-audio-level', 'audioLevel'],
  ['http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time', 'absSendTime'],
]);

/**
 * Feedback of video: packets asked for again, key frames in both dialects, and the receiver's estimate. Without
 * `transport-cc`: a browser that has it does not listen to estimates.
 */
export const VIDEO_FEEDBACK = ['goog-remb', 'ccm fir', 'nack', 'nack pli'] as const;
