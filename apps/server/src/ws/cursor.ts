import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';

/** What stands beside the place in a cursor: a text that was not made by us does not decrypt to it. */
const MARK = 0x63675f31;

/** Cursors of the event socket: opaque texts that name a place in the application's order of events. */
export interface Cursors {
  of(place: number): string;
  /** Undefined for what is no cursor of ours. */
  placeOf(cursor: string): number | undefined;
}

/**
 * One block of AES under a key made from the application's secret: the place itself would tell clients how much
 * happens in calls that are not theirs.
 */
export function createCursors(secret: string): Cursors {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'callgate event cursor', 16));
  return {
    of(place) {
      const block = Buffer.alloc(16);
      block.writeUInt32BE(MARK, 0);
      block.writeBigUInt64BE(BigInt(place), 8);
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      return Buffer.concat([cipher.update(block), cipher.final()]).toString('base64url');
    },
    placeOf(cursor) {
      const sealed = Buffer.from(cursor, 'base64url');
      if (sealed.length !== 16) return undefined;
      const decipher = createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      const block = Buffer.concat([decipher.update(sealed), decipher.final()]);
      if (block.readUInt32BE(0) !== MARK || block.readUInt32BE(4) !== 0) return undefined;
      return Number(block.readBigUInt64BE(8));
    },
  };
}
