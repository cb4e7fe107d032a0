import { describe, expect, it } from 'vitest';
import { isRfc3339 } from './rfc3339.ts';

describe('times that are accepted', () => {
  it.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01t00:00:00.123456789z',
    '2024-02-29T23:59:59+14:00',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
  ])('[CON13] %s is a time, and can be written again', (text) => {
    expect(isRfc3339(text)).toBe(true);
    expect(isRfc3339(new Date(Date.parse(text)).toISOString())).toBe(true);
  });

  it.each([
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-02-29T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T23:59:60Z',
    '9999-12-31T23:59:59-00:01',
    '0000-01-01T00:00:00+00:01',
  ])('[CON13] %s is none', (text) => {
    expect(isRfc3339(text)).toBe(false);
  });
});
