import { expect, test } from 'vitest';
import { readName } from './extensions.ts';
import { emptyHeader, readHeader } from './header.ts';
import { type Address, type HeldPacket, holdPacket, type Offsets, writeFor } from './held-packet.ts';
import { type PacketParts, rtpPacket, vp8Payload } from './test-packets.ts';
import { emptyPlace, readVp8 } from './vp8.ts';

const PLAIN: Address = { ssrc: 77, payloadType: 120, absSendTime: undefined };
const BY: Offsets = { sequence: 10, timestamp: 1_000, pictureId: 2, baseIndex: 3 };

function hold(parts: PacketParts): HeldPacket {
  const packet = rtpPacket(parts);
  const header = emptyHeader();
  const place = emptyPlace();
  expect(readHeader(packet, header)).toBe(true);
  expect(readVp8(packet, header.payloadStart, header.payloadEnd, place)).toBe(true);
  return holdPacket(packet, header, header.sequence, place, place.isKeyStart);
}

function readBack(packet: Buffer) {
  const header = emptyHeader();
  const place = emptyPlace();
  expect(readHeader(packet, header)).toBe(true);
  expect(readVp8(packet, header.payloadStart, header.payloadEnd, place)).toBe(true);
  return { header, place };
}

test('[SFM3] a packet for a receiver has their source, type and numbers, and of the publisher the payload alone', () => {
  const payload = vp8Payload({ picture: 0x7fff, base: 254 });
  const sent = { ssrc: 5, sequence: 65_530, timestamp: 0xffffffff, marker: true, payload, padding: 2 };
  const held = hold({ ...sent, extensions: { 1: 'mid', 2: 'f' } });
  const packet = writeFor(held, PLAIN, BY, 0);
  const { header, place } = readBack(packet);
  expect(header).toMatchObject({ ssrc: 77, payloadType: 120, sequence: 4, timestamp: 999, marker: true });
  expect(readName(packet, header, 1)).toBeUndefined();
  expect(packet.length).toBe(12 + payload.length + 2);
  expect(place).toMatchObject({ pictureId: 1, baseIndex: 1 });
  expect(packet.subarray(header.payloadStart + 5, header.payloadEnd)).toEqual(payload.subarray(5));
});

test('[SFM3] two receivers of one packet get their own bytes, the second not those of the first', () => {
  const held = hold({ payload: vp8Payload({ picture: 5, base: 6 }) });
  const first = Buffer.from(writeFor(held, PLAIN, BY, 0));
  writeFor(held, { ...PLAIN, ssrc: 78, absSendTime: 3 }, { ...BY, pictureId: 100, baseIndex: 100 }, 1_000);
  expect(Buffer.from(writeFor(held, PLAIN, BY, 2_000))).toEqual(first);
});

test('[SFM3] the time of sending is in the packet where the receiver agreed to it', () => {
  const held = hold({ payload: vp8Payload({ picture: 5 }) });
  const packet = writeFor(held, { ...PLAIN, absSendTime: 14 }, BY, 65_500);
  const { header, place } = readBack(packet);
  expect(packet.subarray(12, 17).toString('hex')).toBe('bede0001e2');
  // 1.5 s after a wrap at 64 s, 18 bits of it behind the point.
  expect(packet.readUIntBE(17, 3)).toBe(1.5 * 2 ** 18);
  expect([header.sequence, place.pictureId]).toEqual([10, 7]);
});

test('[SFM4] a picture id of 7 bits stays one of 7 bits', () => {
  const held = hold({ payload: Buffer.from([0x90, 0x80, 0x7f, 0x10]) });
  const { place } = readBack(writeFor(held, PLAIN, BY, 0));
  expect(place).toMatchObject({ isWide: false, pictureId: 1 });
});
