import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toTime } from './clock.ts';
import { parseTime } from './time-text.ts';

test('[QRY2] what is no RFC 3339 time is refused', () => {
  const bad = [
    ...['', '2026', '2026-01-01', '2026-01-01T10:00:00', '2026-01-01 10:00:00Z', '2026-1-1T10:00:00Z'],
    ...['2026-02-30T10:00:00Z', '2025-02-29T10:00:00Z', '2026-13-01T10:00:00Z', '2026-00-10T10:00:00Z'],
    ...['2026-01-01T24:00:00Z', '2026-01-01T10:60:00Z', '2026-01-01T10:00:60Z', '2026-01-01T10:00:00+24:00'],
    ...[
      '2026-01-01T10:00:00.Z',
      '2026-01-01T10:00:00.1234567890Z',
      ' 2026-01-01T10:00:00Z',
      '+002026-01-01T10:00:00Z',
    ],
    ...['0000-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01'],
  ];
  for (const text of bad) expect([text, parseTime(text)]).toEqual([text, undefined]);
});

test('[QRY2] times with offsets, fractions and small letters are read', () => {
  expect(parseTime('2026-05-01T10:00:00+02:00')).toBe(Date.parse('2026-05-01T08:00:00Z'));
  expect(parseTime('2024-02-29t10:00:00.123456789z')).toBe(Date.parse('2024-02-29T10:00:00.123Z'));
  expect(parseTime('0000-01-01T00:00:00Z')).toBe(Date.parse('0000-01-01T00:00:00Z'));
});

test('[QRY2] every time that the server writes reads as the same millisecond', () => {
  const ms = fc.integer({
    min: Date.parse('0000-01-01T00:00:00Z'),
    max: Date.parse('9999-12-31T23:59:59.999Z'),
  });
  fc.assert(
    fc.property(ms, (time) => parseTime(toTime(time)) === time),
    { seed: Number(process.env.CALLGATE_TEST_SEED ?? 1) },
  );
});
