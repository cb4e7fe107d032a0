/** Longest RTP packet that is taken, in bytes: one datagram on an ordinary network. */
export const MAX_RTP_BYTES = 1_500;

/** Bytes of a header without sources and extensions (RFC 3550, section 5.1). */
export const FIXED_BYTES = 12;

/** What stands in the header of one packet. Reused for packet after packet, so that reading allocates nothing. */
export interface RtpHeader {
  marker: boolean;
  payloadType: number;
  /** 16 bits. */
  sequence: number;
  /** 32 bits, in units of the codec's clock. */
  timestamp: number;
  ssrc: number;
  /** Which kind of extension block follows; 0 where there is none. */
  extensionProfile: number;
  /** Where the extension elements begin and end in the packet; equal where there are none. */
  extensionStart: number;
  extensionEnd: number;
  /** Where the payload begins, and where it ends without padding. */
  payloadStart: number;
  payloadEnd: number;
}

/** A header to read into. */
export const emptyHeader = (): RtpHeader => ({
  marker: false,
  payloadType: 0,
  sequence: 0,
  timestamp: 0,
  ssrc: 0,
  extensionProfile: 0,
  extensionStart: 0,
  extensionEnd: 0,
  payloadStart: 0,
  payloadEnd: 0,
});

/**
 * Reads the header of a packet. False: the packet is too short or too long, not of version 2, or says lengths that
 * it does not have; `into` is then not to be used.
 */
export function readHeader(packet: Buffer, into: RtpHeader): boolean {
  const { length } = packet;
  if (length < FIXED_BYTES || length > MAX_RTP_BYTES) return false;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return false;
  if (!readExtensionBlock(packet, FIXED_BYTES + (first & 0x0f) * 4, (first & 0x10) !== 0, into)) return false;
  into.payloadEnd = length;
  if ((first & 0x20) !== 0) {
    const padding = packet.readUInt8(length - 1);
    if (padding === 0 || into.payloadStart + padding > length) return false;
    into.payloadEnd = length - padding;
  }
  const second = packet.readUInt8(1);
  into.marker = (second & 0x80) !== 0;
  into.payloadType = second & 0x7f;
  into.sequence = packet.readUInt16BE(2);
  into.timestamp = packet.readUInt32BE(4);
  into.ssrc = packet.readUInt32BE(8);
  return true;
}

/** `at` is behind the sources; sets where extensions and payload begin. */
function readExtensionBlock(packet: Buffer, at: number, isThere: boolean, into: RtpHeader): boolean {
  into.extensionProfile = 0;
  into.extensionStart = at;
  into.extensionEnd = at;
  if (isThere) {
    if (at + 4 > packet.length) return false;
    into.extensionProfile = packet.readUInt16BE(at);
    into.extensionStart = at + 4;
    into.extensionEnd = at + 4 + packet.readUInt16BE(at + 2) * 4;
  }
  into.payloadStart = into.extensionEnd;
  return into.payloadStart <= packet.length;
}
