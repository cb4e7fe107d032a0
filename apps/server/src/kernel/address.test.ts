import { expect, test } from 'vitest';
import { canonicalAddress, isPrivateAddress, parsePrefix } from './address.ts';

/** More than are remembered. */
const MANY = 5_000;

test('an address that was read before is read the same, also after many others', () => {
  const read = () =>
    ['::ffff:203.0.113.7', '2001:DB8::1', '10.0.0.1', '127.1', 'word'].map((text) => [
      canonicalAddress(text),
      isPrivateAddress(text),
      parsePrefix(text),
    ]);
  const first = read();
  expect(first[0]).toEqual(['203.0.113.7', false, { bytes: [203, 0, 113, 7], length: 32 }]);
  expect(first[2]?.slice(0, 2)).toEqual(['10.0.0.1', true]);
  expect(first.slice(3)).toEqual([
    [null, false, null],
    [null, false, null],
  ]);
  expect(read()).toEqual(first);
  for (let at = 0; at < MANY; at++) canonicalAddress(`198.51.${at >> 8}.${at & 255}`);
  expect(read()).toEqual(first);
});
