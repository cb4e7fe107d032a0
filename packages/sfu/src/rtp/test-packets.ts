/** What a packet for a test is made of. */
export interface PacketParts {
  ssrc?: number;
  payloadType?: number;
  sequence?: number;
  timestamp?: number;
  marker?: boolean;
  /** Extension elements by id, in the short form. */
  extensions?: Readonly<Record<number, string | number>>;
  payload?: Buffer;
  padding?: number;
}

/** Extension elements by id, in the short form (RFC 8285), with their block's header. */
function extensionBlock(extensions: Readonly<Record<number, string | number>>): Buffer {
  const elements = Object.entries(extensions).map(([id, value]) => {
    const data = typeof value === 'string' ? Buffer.from(value, 'latin1') : Buffer.from([value]);
    return Buffer.concat([Buffer.from([(Number(id) << 4) | (data.length - 1)]), data]);
  });
  const all = Buffer.concat(elements);
  const words = Math.ceil(all.length / 4);
  return Buffer.concat([Buffer.from([0xbe, 0xde, 0, words]), all, Buffer.alloc(words * 4 - all.length)]);
}

/** An RTP packet. */
export function rtpPacket({
  ssrc = 1,
  payloadType = 96,
  sequence = 0,
  timestamp = 0,
  marker = false,
  extensions,
  payload = Buffer.from('payload'),
  padding = 0,
}: PacketParts): Buffer {
  const header = Buffer.alloc(12);
  header[0] = 0x80 | (extensions ? 0x10 : 0) | (padding > 0 ? 0x20 : 0);
  header[1] = (marker ? 0x80 : 0) | payloadType;
  header.writeUInt16BE(sequence & 0xffff, 2);
  header.writeUInt32BE(timestamp >>> 0, 4);
  header.writeUInt32BE(ssrc, 8);
  const tail = Buffer.alloc(padding, padding);
  return Buffer.concat([header, extensions ? extensionBlock(extensions) : Buffer.alloc(0), payload, tail]);
}

/** A payload of VP8 with its picture's id (15 bits) and base index. */
export const vp8Payload = (parts: {
  isKey?: boolean;
  isStart?: boolean;
  picture?: number;
  base?: number;
}): Buffer => {
  const { isKey = false, isStart = true, picture = 0, base = 0 } = parts;
  const id = [0x80 | ((picture >> 8) & 0x7f), picture & 0xff];
  return Buffer.from([0x80 | (isStart ? 0x10 : 0), 0xc0, ...id, base, isKey ? 0x10 : 0x11, 0x02, 0x00, 0x9d]);
};
