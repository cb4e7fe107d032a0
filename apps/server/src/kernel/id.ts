import { randomBytes } from 'node:crypto';

/**
 * A new time-ordered id (UUID version 7): sorts by creation time, so indexes stay dense.
 * Branded by the caller's type: `newId<BanId>(now)`.
 */
export function newId<Id extends string>(nowMs: number): Id {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Id;
}
