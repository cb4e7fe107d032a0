import { FORMAT, PACKET_TYPE, REMB_NAME, type ReportBlock, type SenderReport } from './message.ts';

/** Most blocks of one report: its count has five bits. */
export const MAX_BLOCKS = 31;

/** Most sources that a REMB names here. */
const MAX_REMB_SOURCES = 31;

/** A packet with the header filled in; `count` is its count or format. */
function packetOf(type: number, count: number, bytes: number, sender: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet[0] = 0x80 | count;
  packet[1] = type;
  packet.writeUInt16BE(bytes / 4 - 1, 2);
  packet.writeUInt32BE(sender, 4);
  return packet;
}

/** Throws a RangeError for more than 31 blocks. */
export function writeReceiverReport(sender: number, blocks: readonly ReportBlock[]): Buffer {
  if (blocks.length > MAX_BLOCKS) throw new RangeError(`a report has at most ${MAX_BLOCKS} blocks`);
  const packet = packetOf(PACKET_TYPE.receiverReport, blocks.length, 8 + blocks.length * 24, sender);
  blocks.forEach((block, place) => {
    const at = 8 + place * 24;
    packet.writeUInt32BE(block.ssrc, at);
    packet[at + 4] = block.fractionLost;
    packet.writeIntBE(block.lost, at + 5, 3);
    packet.writeUInt32BE(block.highest, at + 8);
    packet.writeUInt32BE(block.jitter, at + 12);
    packet.writeUInt32BE(block.lastReport, at + 16);
    packet.writeUInt32BE(block.sinceLastReport, at + 20);
  });
  return packet;
}

/** A sender report without blocks; its counts wrap at 32 bits. */
export function writeSenderReport(report: Omit<SenderReport, 'type' | 'blocks'>): Buffer {
  const packet = packetOf(PACKET_TYPE.senderReport, 0, 28, report.ssrc);
  packet.writeUInt32BE(report.ntpSeconds, 8);
  packet.writeUInt32BE(report.ntpFraction, 12);
  packet.writeUInt32BE(report.rtpTimestamp, 16);
  packet.writeUInt32BE(report.packets % 2 ** 32, 20);
  packet.writeUInt32BE(report.bytes % 2 ** 32, 24);
  return packet;
}

/** Asks for packets of `ssrc` again; `sequences` in rising order (over the wrap), not empty. */
export function writeNack(sender: number, ssrc: number, sequences: readonly number[]): Buffer {
  const pairs: { first: number; following: number }[] = [];
  for (const sequence of sequences) {
    const last = pairs.at(-1);
    const behind = last ? (sequence - last.first) & 0xffff : 0;
    if (last && behind >= 1 && behind <= 16) last.following |= 1 << (behind - 1);
    else pairs.push({ first: sequence, following: 0 });
  }
  const packet = packetOf(PACKET_TYPE.transportFeedback, FORMAT.nack, 12 + pairs.length * 4, sender);
  packet.writeUInt32BE(ssrc, 8);
  pairs.forEach(({ first, following }, place) => {
    packet.writeUInt16BE(first, 12 + place * 4);
    packet.writeUInt16BE(following, 14 + place * 4);
  });
  return packet;
}

/** Asks for a key frame of `ssrc`. */
export function writePli(sender: number, ssrc: number): Buffer {
  const packet = packetOf(PACKET_TYPE.payloadFeedback, FORMAT.pli, 12, sender);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

/** Says what is held possible for these sources together; the first 31 are named. */
export function writeRemb(sender: number, bitsPerSecond: number, sources: readonly number[]): Buffer {
  const named = sources.slice(0, MAX_REMB_SOURCES);
  const bytes = 20 + named.length * 4;
  const packet = packetOf(PACKET_TYPE.payloadFeedback, FORMAT.applicationLayer, bytes, sender);
  packet.writeUInt32BE(REMB_NAME, 12);
  packet[16] = named.length;
  // 18 bits, times a power of two.
  const exponent = Math.max(0, Math.ceil(Math.log2((bitsPerSecond + 1) / 2 ** 18)));
  packet.writeUIntBE((exponent << 18) | Math.floor(bitsPerSecond / 2 ** exponent), 17, 3);
  named.forEach((ssrc, place) => {
    packet.writeUInt32BE(ssrc, 20 + place * 4);
  });
  return packet;
}
