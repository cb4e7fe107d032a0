import { randomFillSync, randomInt } from 'node:crypto';

/** The counter has 26 bits; it starts in the lower half, so that 33 million ids of one millisecond stay in order. */
const COUNTER_START = 2 ** 25;
let lastMs = -1;
let counter = 0;
/** Random bytes of an id. */
const RANDOM_BYTES = 6;
/** Fetched 4,096 at a time: asking for those of each id took longer than all the rest of an id. */
const pool = Buffer.alloc(4096);
let taken = pool.length;

/** So many fresh random bytes, good for secrets; valid until the next call. */
function randomBytes(count: number): Buffer {
  if (taken + count > pool.length) {
    randomFillSync(pool);
    taken = 0;
  }
  taken += count;
  return pool.subarray(taken - count, taken);
}

/** A fresh random text of 32 hexadecimal digits. */
export const newSalt = (): string => randomBytes(16).toString('hex');

/**
 * A new time-ordered id (UUID version 7): sorts by creation time, so indexes stay dense, and within one process and
 * millisecond in the order of the calls, so that what was done first is listed first.
 * Branded by the caller's type: `newId<BanId>(now)`.
 */
export function newId<Id extends string>(nowMs: number): Id {
  counter = nowMs === lastMs ? counter + 1 : randomInt(COUNTER_START);
  lastMs = nowMs;
  const bytes = Buffer.allocUnsafe(16);
  bytes.set(randomBytes(RANDOM_BYTES), 10);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | ((counter >>> 14) & 0x0fff), 6);
  bytes.writeUInt16BE(0x8000 | (counter & 0x3fff), 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Id;
}
