/** What a VP8 payload says of its place in the stream (RFC 7741, section 4.2). Reused, as headers are. */
export interface Vp8Place {
  /** Where the picture's id stands in the payload; -1 where there is none. */
  pictureIdAt: number;
  /** Whether it has 15 bits, not 7. */
  isWide: boolean;
  pictureId: number;
  /** Where the index of the last picture of the lowest temporal layer stands; -1 where there is none. */
  baseIndexAt: number;
  baseIndex: number;
  /** The packet begins a key frame. */
  isKeyStart: boolean;
}

/** A place to read into. */
export const emptyPlace = (): Vp8Place => ({
  pictureIdAt: -1,
  isWide: false,
  pictureId: 0,
  baseIndexAt: -1,
  baseIndex: 0,
  isKeyStart: false,
});

/**
 * Reads the descriptor of a payload, `start` and `end` being its place in the packet; positions in `into` count from
 * `start`. An empty payload (padding alone) has no place and is no error. False: the descriptor is longer than the payload.
 */
export function readVp8(packet: Buffer, start: number, end: number, into: Vp8Place): boolean {
  into.pictureIdAt = -1;
  into.baseIndexAt = -1;
  into.isKeyStart = false;
  if (start === end) return true;
  const first = packet.readUInt8(start);
  let at = start + 1;
  if ((first & 0x80) !== 0) {
    at = readOptional(packet, start, end, into);
    if (at < 0) return false;
  }
  if (at >= end) return false;
  // The start of partition 0, whose first byte says by a clear lowest bit that the frame is a key frame.
  into.isKeyStart = (first & 0x17) === 0x10 && (packet.readUInt8(at) & 1) === 0;
  return true;
}

/** The fields that a second byte announces. Where the frame begins; -1 where the payload ends before. */
function readOptional(packet: Buffer, start: number, end: number, into: Vp8Place): number {
  let at = start + 2;
  if (at > end) return -1;
  const which = packet.readUInt8(start + 1);
  if ((which & 0x80) !== 0) {
    if (at >= end) return -1;
    into.isWide = (packet.readUInt8(at) & 0x80) !== 0;
    if (into.isWide && at + 2 > end) return -1;
    into.pictureIdAt = at - start;
    into.pictureId = into.isWide ? packet.readUInt16BE(at) & 0x7fff : packet.readUInt8(at);
    at += into.isWide ? 2 : 1;
  }
  if ((which & 0x40) !== 0) {
    if (at >= end) return -1;
    into.baseIndexAt = at - start;
    into.baseIndex = packet.readUInt8(at);
    at++;
  }
  return (which & 0x30) !== 0 ? at + 1 : at;
}

/** Writes another picture id into a payload, in as many bits as it has there. */
export function writePictureId(packet: Buffer, at: number, isWide: boolean, id: number): void {
  if (isWide) packet.writeUInt16BE(0x8000 | (id & 0x7fff), at);
  else packet.writeUInt8(id & 0x7f, at);
}
