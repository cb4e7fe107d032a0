import { FORMAT, PACKET_TYPE, REMB_NAME, type ReportBlock, type RtcpMessage } from './message.ts';

/** Longest compound packet that is taken, in bytes. */
export const MAX_RTCP_BYTES = 1_500;

/** Most packets that one compound packet asks for again; what is behind them is left out. */
export const MAX_NACKED = 1_024;

const BLOCK_BYTES = 24;

/**
 * Reads a compound packet, reduced-size ones (RFC 5506) too. Undefined: somewhere in it a length, a count or the version
 * is wrong; then nothing of it counts.
 */
export function readRtcp(compound: Buffer): RtcpMessage[] | undefined {
  if (compound.length < 4 || compound.length > MAX_RTCP_BYTES) return undefined;
  const messages: RtcpMessage[] = [];
  for (let at = 0; at < compound.length; ) {
    if (at + 4 > compound.length || compound.readUInt8(at) >> 6 !== 2) return undefined;
    const end = at + 4 + compound.readUInt16BE(at + 2) * 4;
    if (end > compound.length || !readOne(compound.subarray(at, end), messages)) return undefined;
    at = end;
  }
  return messages;
}

/** False: it is shorter than what it says to hold. */
function readOne(packet: Buffer, into: RtcpMessage[]): boolean {
  const count = packet.readUInt8(0) & 0x1f;
  switch (packet.readUInt8(1)) {
    case PACKET_TYPE.senderReport:
      return readSenderReport(packet, count, into);
    case PACKET_TYPE.receiverReport:
      return readReceiverReport(packet, count, into);
    case PACKET_TYPE.transportFeedback:
      return packet.length >= 12 && (count !== FORMAT.nack || readNack(packet, into));
    case PACKET_TYPE.payloadFeedback:
      return packet.length >= 12 && readPayloadFeedback(packet, count, into);
    default:
      return true;
  }
}

function readSenderReport(packet: Buffer, count: number, into: RtcpMessage[]): boolean {
  if (packet.length < 28 + count * BLOCK_BYTES) return false;
  into.push({
    type: 'sender-report',
    ssrc: packet.readUInt32BE(4),
    ntpSeconds: packet.readUInt32BE(8),
    ntpFraction: packet.readUInt32BE(12),
    rtpTimestamp: packet.readUInt32BE(16),
    packets: packet.readUInt32BE(20),
    bytes: packet.readUInt32BE(24),
    blocks: readBlocks(packet, 28, count),
  });
  return true;
}

function readReceiverReport(packet: Buffer, count: number, into: RtcpMessage[]): boolean {
  if (packet.length < 8 + count * BLOCK_BYTES) return false;
  into.push({
    type: 'receiver-report',
    ssrc: packet.readUInt32BE(4),
    blocks: readBlocks(packet, 8, count),
  });
  return true;
}

const readBlocks = (packet: Buffer, start: number, count: number): ReportBlock[] =>
  Array.from({ length: count }, (_, place) => {
    const at = start + place * BLOCK_BYTES;
    return {
      ssrc: packet.readUInt32BE(at),
      fractionLost: packet.readUInt8(at + 4),
      lost: packet.readIntBE(at + 5, 3),
      highest: packet.readUInt32BE(at + 8),
      jitter: packet.readUInt32BE(at + 12),
      lastReport: packet.readUInt32BE(at + 16),
      sinceLastReport: packet.readUInt32BE(at + 20),
    };
  });

function readNack(packet: Buffer, into: RtcpMessage[]): boolean {
  const sequences: number[] = [];
  for (let at = 12; at < packet.length && sequences.length < MAX_NACKED; at += 4) {
    const first = packet.readUInt16BE(at);
    const following = packet.readUInt16BE(at + 2);
    sequences.push(first);
    for (let bit = 0; bit < 16; bit++) {
      if ((following & (1 << bit)) !== 0) sequences.push((first + bit + 1) & 0xffff);
    }
  }
  into.push({ type: 'nack', ssrc: packet.readUInt32BE(8), sequences: sequences.slice(0, MAX_NACKED) });
  return true;
}

function readPayloadFeedback(packet: Buffer, format: number, into: RtcpMessage[]): boolean {
  if (format === FORMAT.pli) {
    into.push({ type: 'key-frame-request', ssrc: packet.readUInt32BE(8) });
    return true;
  }
  if (format === FORMAT.fir) {
    for (let at = 12; at + 8 <= packet.length; at += 8)
      into.push({ type: 'key-frame-request', ssrc: packet.readUInt32BE(at) });
    return packet.length % 8 === 4;
  }
  if (format === FORMAT.applicationLayer) return readRemb(packet, into);
  return true;
}

/** Other feedback of the application layer is passed over. */
function readRemb(packet: Buffer, into: RtcpMessage[]): boolean {
  if (packet.length < 16 || packet.readUInt32BE(12) !== REMB_NAME) return true;
  if (packet.length < 20 || packet.length < 20 + packet.readUInt8(16) * 4) return false;
  const exponent = packet.readUInt8(17) >> 2;
  const mantissa = packet.readUIntBE(17, 3) & 0x3ffff;
  into.push({ type: 'remb', bitsPerSecond: mantissa * 2 ** exponent });
  return true;
}
