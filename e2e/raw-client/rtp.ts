/** The payload types that the raw client offers. */
export const OPUS = 111;
export const VP8 = 96;

/** What one stream of packets is made of. */
export interface RtpStream {
  readonly ssrc: number;
  readonly payloadType: number;
  /** How far the clock of the stream goes between two packets: 20 ms. */
  readonly ticks: number;
  readonly payload: Buffer;
}

/** The end of every payload: media servers make packets of their own, of silence and of padding, which do not have it. */
const MARK = Buffer.from('callgate');
/** One frame of Opus, 20 ms long; nobody decodes it. */
const OPUS_FRAME = Buffer.concat([Buffer.from([0xf8, 0xff, 0xfe]), MARK]);
/** A key frame of VP8 in one packet: a descriptor that begins a frame, then the frame's tag, start code and 16 x 16 pixels. */
const VP8_KEY_FRAME = Buffer.concat([
  Buffer.from([0x10, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x10, 0x00, 0x10, 0x00]),
  MARK,
]);

export const opusStream = (ssrc: number): RtpStream => ({
  ...{ ssrc, payloadType: OPUS, ticks: 960, payload: OPUS_FRAME },
});
export const vp8Stream = (ssrc: number): RtpStream => ({
  ...{ ssrc, payloadType: VP8, ticks: 1800, payload: VP8_KEY_FRAME },
});

/** The packet with that number of a stream (RFC 3550, section 5.1). */
export function rtpPacket({ ssrc, payloadType, ticks, payload }: RtpStream, number: number): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80;
  header[1] = payloadType | (payloadType === VP8 ? 0x80 : 0);
  header.writeUInt16BE(number & 0xffff, 2);
  header.writeUInt32BE((number * ticks) >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, payload]);
}

/** Whether it is a packet that a raw client sent, whoever forwarded it. */
export const isOurs = (packet: Buffer): boolean => packet.subarray(-MARK.length).equals(MARK);
