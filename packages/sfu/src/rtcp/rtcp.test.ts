import { expect, test } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzz, must } from '../rtp/test-random.ts';
import type { ReportBlock, RtcpMessage, SenderReport } from './message.ts';
import { MAX_NACKED, MAX_RTCP_BYTES, readRtcp } from './read.ts';
import { writeNack, writePli, writeReceiverReport, writeRemb, writeSenderReport } from './write.ts';

const BLOCK: ReportBlock = {
  ...{ ssrc: 0xfffffff0, fractionLost: 12, lost: -3, highest: 0xffffffff, jitter: 4 },
  ...{ lastReport: 5, sinceLastReport: 6 },
};
const REPORT: Omit<SenderReport, 'type' | 'blocks'> = {
  ...{ ssrc: 9, ntpSeconds: 0xeeeeeeee, ntpFraction: 1, rtpTimestamp: 0xfffffff1, packets: 3, bytes: 4_000 },
};
const only = (packet: Buffer): RtcpMessage | undefined => readRtcp(packet)?.[0];
const fir = (...entries: number[]): Buffer => {
  const packet = Buffer.alloc(12 + entries.length * 8);
  packet.set([0x84, 206, 0, 2 + entries.length * 2]);
  entries.forEach((ssrc, place) => {
    packet.writeUInt32BE(ssrc, 12 + place * 8);
  });
  return packet;
};
const changed = (packet: Buffer, at: number, value: number): Buffer => {
  const copy = Buffer.from(packet);
  copy[at] = value;
  return copy;
};

test('[SFM7] of a compound packet with a wrong length, count or version nothing counts', () => {
  const report = writeReceiverReport(1, [BLOCK]);
  const pli = writePli(1, 2);
  const refused = {
    'nothing at all': Buffer.alloc(0),
    '3 bytes': pli.subarray(0, 3),
    'version 1': changed(pli, 0, 0x41),
    'longer than it is': changed(pli, 3, 3),
    'a report with more blocks than bytes': changed(report, 0, 0x82),
    'a sender report that is cut': changed(writeSenderReport(REPORT).subarray(0, 24), 3, 5),
    'feedback without a source': changed(pli.subarray(0, 8), 3, 1),
    'REMB with more sources than bytes': changed(writeRemb(1, 1_000, [1]), 16, 2),
    'half an entry of FIR': changed(fir(1).subarray(0, 16), 3, 3),
    'bytes behind a good packet': Buffer.concat([pli, Buffer.from([0x80, 201])]),
    'more than 1,500 bytes': Buffer.concat(Array.from({ length: MAX_RTCP_BYTES / 12 + 1 }, () => pli)),
  };
  expect(Object.entries(refused).filter(([, packet]) => readRtcp(packet) !== undefined)).toEqual([]);
});

test('[SFM7] packets that nobody here needs are passed over, in a compound packet and alone', () => {
  const bye = Buffer.from([0x81, 203, 0, 1, 0, 0, 0, 9]);
  const other = Buffer.from([0x8f, 206, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]);
  const compound = Buffer.concat([writeReceiverReport(1, []), bye, other, writePli(3, 4)]);
  expect(readRtcp(compound)).toEqual([
    { type: 'receiver-report', ssrc: 1, blocks: [] },
    { type: 'key-frame-request', ssrc: 4 },
  ]);
});

test('[SFM8] what is written is read again', () => {
  expect(only(writeReceiverReport(7, [BLOCK, { ...BLOCK, ssrc: 2, lost: 8_388_607 }]))).toEqual({
    ...{ type: 'receiver-report', ssrc: 7, blocks: [BLOCK, { ...BLOCK, ssrc: 2, lost: 8_388_607 }] },
  });
  expect(() =>
    writeReceiverReport(
      7,
      Array.from({ length: 32 }, () => BLOCK),
    ),
  ).toThrow(RangeError);
  expect(only(writeSenderReport(REPORT))).toEqual({ type: 'sender-report', ...REPORT, blocks: [] });
  expect(only(writePli(1, 0xffffffff))).toEqual({ type: 'key-frame-request', ssrc: 0xffffffff });
  expect(readRtcp(fir(3, 4))).toEqual([3, 4].map((ssrc) => ({ type: 'key-frame-request', ssrc })));
});

test('[SFM8] missing packets are named in pairs, over the wrap too', () => {
  const missing = [65_530, 65_531, 65_535, 0, 1, 300];
  const packet = writeNack(1, 2, missing);
  expect(packet.length).toBe(12 + 2 * 4);
  expect(only(packet)).toEqual({ type: 'nack', ssrc: 2, sequences: missing });
});

test('[SFM7] one packet asks for 1,024 packets at most', () => {
  const every = Array.from({ length: 300 }, () => [0, 0, 0xff, 0xff]).flat();
  const packet = Buffer.concat([writeNack(1, 2, []), Buffer.from(every)]);
  packet.writeUInt16BE(packet.length / 4 - 1, 2);
  expect(only(packet)).toMatchObject({ type: 'nack', sequences: { length: MAX_NACKED } });
});

test('[SFM8] an estimate is written as it is up to 18 bits, and rounded down above them', () => {
  const readBack = (bits: number) => {
    const remb = only(writeRemb(1, bits, [1, 2]));
    return remb?.type === 'remb' ? remb.bitsPerSecond : undefined;
  };
  expect([0, 1, 262_143].map(readBack)).toEqual([0, 1, 262_143]);
  for (const bits of [262_144, 850_001, 3_000_000, 20_000_000]) {
    expect(readBack(bits)).toBeLessThanOrEqual(bits);
    expect(readBack(bits)).toBeGreaterThan(bits * 0.9999);
  }
});

test('[SFM7] no bytes make the reader throw', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const whole = [
    ...[writeReceiverReport(1, [BLOCK]), writeSenderReport(REPORT), writePli(1, 2), fir(3, 4)],
    ...[writeNack(1, 2, [1, 2, 40]), writeRemb(1, 2_000_000, [1, 2])],
  ];
  fuzz(
    [...whole, Buffer.concat(whole), Buffer.concat([whole[0] as Buffer, whole[2] as Buffer])],
    (packet) => {
      for (const message of readRtcp(packet) ?? []) {
        if (message.type === 'nack') must(message.sequences.length <= MAX_NACKED, 'too many are asked for');
        if (message.type === 'remb') must(Number.isFinite(message.bitsPerSecond), 'no number');
      }
    },
  );
});
