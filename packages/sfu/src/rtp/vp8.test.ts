import { expect, test } from 'vitest';
import { isH264KeyStart } from './h264.ts';
import { vp8Payload } from './test-packets.ts';
import { FUZZ_TIMEOUT_MS, fuzz, must } from './test-random.ts';
import { emptyPlace, readVp8 } from './vp8.ts';

const place = emptyPlace();
const readsVp8 = (...bytes: number[]): boolean => readVp8(Buffer.from(bytes), 0, bytes.length, place);
const isH264Start = (...bytes: number[]): boolean => isH264KeyStart(Buffer.from(bytes), 0, bytes.length);

test('[SFM4] a VP8 descriptor that is longer than its payload is not read', () => {
  const cut = [
    [0x90],
    [0x10],
    [0x90, 0x80],
    [0x90, 0x80, 0x80],
    [0x90, 0x40],
    [0x90, 0x20],
    [0x90, 0x80, 0x80, 0x01],
  ];
  expect(cut.filter((bytes) => readsVp8(...bytes))).toEqual([]);
});

test('[SFM4] picture ids of 7 and 15 bits and base indexes are found', () => {
  expect(readsVp8(0x90, 0x80, 0x7f, 0x10)).toBe(true);
  expect(place).toMatchObject({
    pictureIdAt: 2,
    isWide: false,
    pictureId: 127,
    baseIndexAt: -1,
    isKeyStart: true,
  });
  expect(readsVp8(0x90, 0xf0, 0xff, 0xfe, 0x09, 0x00, 0x11)).toBe(true);
  expect(place).toMatchObject({
    ...{ pictureIdAt: 2, isWide: true, pictureId: 0x7ffe, baseIndexAt: 4, baseIndex: 9, isKeyStart: false },
  });
  expect(readVp8(Buffer.alloc(0), 0, 0, place), 'padding alone').toBe(true);
  expect(place).toMatchObject({ pictureIdAt: -1, baseIndexAt: -1, isKeyStart: false });
});

test('[SFM5] a key frame of VP8 begins at the first packet of its first partition', () => {
  const { length } = vp8Payload({});
  const isStart = (parts: Parameters<typeof vp8Payload>[0]): boolean =>
    readVp8(vp8Payload(parts), 0, length, place) && place.isKeyStart;
  expect([isStart({ isKey: false }), isStart({ isKey: true, isStart: false })]).toEqual([false, false]);
  expect(readsVp8(0x11, 0x10) && place.isKeyStart, 'partition 1').toBe(false);
  expect(isStart({ isKey: true })).toBe(true);
});

test('[SFM5] a key frame of H264 begins with its sequence parameters, alone, among others or in pieces', () => {
  const others = [
    [],
    [0x65],
    [0x41, 0x67],
    [24],
    [24, 0, 2, 0x67],
    [24, 0, 0, 0x67],
    [28],
    [28, 0x07],
    [28, 0x85],
  ];
  expect(others.filter((bytes) => isH264Start(...bytes))).toEqual([]);
  const starts = [[0x67], [24, 0, 1, 0x68, 0, 1, 0x67], [28, 0x87]];
  expect(starts.map((bytes) => isH264Start(...bytes))).toEqual([true, true, true]);
});

test('[SFM4] no bytes make the readers of payloads throw', { timeout: FUZZ_TIMEOUT_MS }, () => {
  const samples = [
    vp8Payload({ isKey: true, picture: 300, base: 7 }),
    Buffer.from([0x90, 0xf0, 0x7f, 9, 0, 0x10]),
    Buffer.from([24, 0, 1, 0x68, 0, 1, 0x67, 0, 3, 0x65, 1, 2]),
  ];
  fuzz(samples, (packet) => {
    const { length } = packet;
    if (readVp8(packet, 0, length, place)) {
      if (place.pictureIdAt >= 0)
        must(place.pictureIdAt + (place.isWide ? 2 : 1) <= length, 'the picture id is behind the end');
      must(place.baseIndexAt < Math.max(1, length), 'the base index is behind the end');
    }
    isH264KeyStart(packet, 0, length);
  });
});
