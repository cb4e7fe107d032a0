import type { RtpHeader } from './header.ts';

const ONE_BYTE = 0xbede;
const TWO_BYTES = 0x1000;

/** Bytes of a packet. Reused, as headers are. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * Finds one header extension (RFC 8285, either form) by its id of 1 to 14. False where it is not there, or where an
 * element before it claims more bytes than the block has.
 */
export function findExtension(packet: Buffer, header: RtpHeader, id: number, into: ByteRange): boolean {
  if (header.extensionProfile === ONE_BYTE) return findShort(packet, header, id, into);
  return (header.extensionProfile & 0xfff0) === TWO_BYTES && findLong(packet, header, id, into);
}

/** One byte before each element: four bits of id, four of length less one. */
function findShort(packet: Buffer, header: RtpHeader, id: number, into: ByteRange): boolean {
  const end = header.extensionEnd;
  for (let at = header.extensionStart; at < end; ) {
    const first = packet.readUInt8(at);
    // The id 15 ends the block.
    if (first >> 4 === 15) return false;
    into.start = at + 1;
    // A byte of 0 is padding between elements.
    into.end = first === 0 ? into.start : into.start + (first & 0x0f) + 1;
    if (into.end > end) return false;
    if (first !== 0 && first >> 4 === id) return true;
    at = into.end;
  }
  return false;
}

/** Two bytes before each element: id, and length. */
function findLong(packet: Buffer, header: RtpHeader, id: number, into: ByteRange): boolean {
  const end = header.extensionEnd;
  for (let at = header.extensionStart; at < end; ) {
    const found = packet.readUInt8(at);
    if (found !== 0 && at + 2 > end) return false;
    into.start = found === 0 ? at + 1 : at + 2;
    into.end = found === 0 ? into.start : into.start + packet.readUInt8(at + 1);
    if (into.end > end) return false;
    if (found === id) return true;
    at = into.end;
  }
  return false;
}

/** Longest mid or rid that is read; the elements' short form has no more. */
const MAX_NAME_BYTES = 16;

const range: ByteRange = { start: 0, end: 0 };

/** The text of an extension (mid, rid); undefined where it is absent, empty or longer than 16 bytes. */
export function readName(packet: Buffer, header: RtpHeader, id: number | undefined): string | undefined {
  if (id === undefined || !findExtension(packet, header, id, range)) return undefined;
  if (range.end === range.start || range.end - range.start > MAX_NAME_BYTES) return undefined;
  return packet.toString('latin1', range.start, range.end);
}

/** The level of a packet of sound in dBov, 0 (loudest) to 127 (silence), by RFC 6464; undefined where it is absent. */
export function readAudioLevel(
  packet: Buffer,
  header: RtpHeader,
  id: number | undefined,
): number | undefined {
  if (id === undefined || !findExtension(packet, header, id, range) || range.end === range.start)
    return undefined;
  return packet.readUInt8(range.start) & 0x7f;
}
