import { expect, test } from 'vitest';
import { findExtension, readAudioLevel, readName } from './extensions.ts';
import { emptyHeader, MAX_RTP_BYTES, readHeader } from './header.ts';
import { extend } from './sequence.ts';
import { rtpPacket } from './test-packets.ts';
import { FUZZ_TIMEOUT_MS, fuzz, must } from './test-random.ts';

const header = emptyHeader();
const LONG_FORM = Buffer.from('90600007000000090000000110000002' + '0301310004027174', 'hex');

test('[SFM1] a packet whose lengths are wrong is not read', () => {
  const whole = rtpPacket({ extensions: { 1: '0' } });
  const refused = {
    'nothing at all': Buffer.alloc(0),
    '11 bytes': whole.subarray(0, 11),
    'version 1': Buffer.concat([Buffer.from([0x50]), whole.subarray(1)]),
    'more sources than bytes': Buffer.concat([Buffer.from([0x8f]), whole.subarray(1, 40)]),
    'an extension block without its header': whole.subarray(0, 14),
    'an extension block that is cut': whole.subarray(0, 19),
    'padding of 0': Buffer.concat([Buffer.from([0xa0]), rtpPacket({}).subarray(1, 12), Buffer.from([1, 0])]),
    'padding longer than what there is': Buffer.concat([
      Buffer.from([0xa0]),
      rtpPacket({}).subarray(1, 12),
      Buffer.from([1, 3]),
    ]),
    'padding that is not there': Buffer.concat([
      Buffer.from([0xa0]),
      rtpPacket({ payload: Buffer.alloc(0) }).subarray(1),
    ]),
    'more than 1,500 bytes': rtpPacket({ payload: Buffer.alloc(MAX_RTP_BYTES - 11) }),
  };
  const read = Object.entries(refused).filter(([, packet]) => readHeader(packet, header));
  expect(read.map(([name]) => name)).toEqual([]);
});

test('[SFM1] a packet of the longest length, with sources, extensions and padding, is read', () => {
  expect(readHeader(rtpPacket({ payload: Buffer.alloc(MAX_RTP_BYTES - 12) }), header)).toBe(true);
  const packet = rtpPacket({
    ...{ ssrc: 0xfffffffe, payloadType: 111, sequence: 65_535, timestamp: 0xffffffff, marker: true },
    ...{ extensions: { 1: 'mid' }, payload: Buffer.from('sound'), padding: 4 },
  });
  expect(readHeader(packet, header)).toBe(true);
  expect(header).toMatchObject({
    ...{ ssrc: 0xfffffffe, payloadType: 111, sequence: 65_535, timestamp: 0xffffffff, marker: true },
  });
  expect(packet.toString('latin1', header.payloadStart, header.payloadEnd)).toBe('sound');
});

test('[SFM2] an extension element that claims more than its block has ends the search', () => {
  const cut = rtpPacket({ extensions: { 1: 'abc' } });
  cut[16] = 0x1f;
  expect(readHeader(cut, header)).toBe(true);
  expect(findExtension(cut, header, 1, { start: 0, end: 0 })).toBe(false);
  const ended = rtpPacket({ extensions: { 15: 'x', 1: '0' } });
  ended.set([0xf0, 0x78, 0x10, 0x30], 16);
  expect(readHeader(ended, header)).toBe(true);
  expect(readName(ended, header, 1)).toBeUndefined();
  const unknown = rtpPacket({ extensions: { 1: '0' } });
  unknown.writeUInt16BE(0x1234, 12);
  expect(readHeader(unknown, header)).toBe(true);
  expect(readName(unknown, header, 1)).toBeUndefined();
});

test('[SFM2] names and levels are read in both forms', () => {
  const short = rtpPacket({ extensions: { 1: '0', 2: 'q', 3: 0x80 | 37 } });
  expect(readHeader(short, header)).toBe(true);
  expect([readName(short, header, 1), readName(short, header, 2)]).toEqual(['0', 'q']);
  expect(readAudioLevel(short, header, 3)).toBe(37);
  expect(readName(short, header, 4)).toBeUndefined();
  expect(readName(short, header, undefined)).toBeUndefined();
  expect(readHeader(LONG_FORM, header)).toBe(true);
  expect([readName(LONG_FORM, header, 3), readName(LONG_FORM, header, 4)]).toEqual(['1', 'qt']);
});

test('[SFM1] no bytes make the readers throw or look behind the end', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const samples = [
    LONG_FORM,
    rtpPacket({ extensions: { 1: 'mid', 2: 'f', 3: 5 }, padding: 3 }),
    rtpPacket({}),
  ];
  const range = { start: 0, end: 0 };
  fuzz(samples, (packet) => {
    if (!readHeader(packet, header)) return;
    must(header.payloadStart <= header.payloadEnd, 'the payload ends before it begins');
    must(header.payloadEnd <= packet.length, 'the payload is longer than the packet');
    for (let id = 1; id < 15; id++) {
      if (findExtension(packet, header, id, range))
        must(range.end <= header.extensionEnd, 'an element is longer than its block');
    }
    readName(packet, header, 1);
    readAudioLevel(packet, header, 3);
  });
});

test('[SFM3] sequence numbers go on over their wraps, forwards and backwards', () => {
  expect([extend(65_535, 0), extend(65_536, 65_535), extend(200_000, 200_001 & 0xffff)]).toEqual([
    ...[65_536, 65_535, 200_001],
  ]);
  expect(extend(3, 65_535)).toBe(-1);
});
