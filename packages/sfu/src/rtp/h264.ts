const STAP_A = 24;
const FU_A = 28;
const SPS = 7;

/**
 * Whether a payload of H264 (RFC 6184, packetization mode 1) begins a key frame: whether the sequence parameters are in it,
 * which come with every key frame of a browser and without which no decoder begins.
 */
export function isH264KeyStart(packet: Buffer, start: number, end: number): boolean {
  if (start >= end) return false;
  const type = packet.readUInt8(start) & 0x1f;
  if (type === SPS) return true;
  if (type === STAP_A) return hasParameters(packet, start + 1, end);
  if (type !== FU_A || start + 2 > end) return false;
  const second = packet.readUInt8(start + 1);
  return (second & 0x80) !== 0 && (second & 0x1f) === SPS;
}

/** Units with two bytes of length each; one that claims more than there is ends the search. */
function hasParameters(packet: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at + 3 <= end) {
    const size = packet.readUInt16BE(at);
    if (size === 0 || at + 2 + size > end) return false;
    if ((packet.readUInt8(at + 2) & 0x1f) === SPS) return true;
    at += 2 + size;
  }
  return false;
}
