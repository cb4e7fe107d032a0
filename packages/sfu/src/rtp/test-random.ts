import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';

/** A stream of random whole numbers (xorshift, 32 bits): quick enough for a million packets. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** One packet broken at random: bytes turned, cut, grown, doubled; or bytes of no meaning at all. */
export function broken(whole: Buffer, random: (below: number) => number): Buffer {
  if (random(8) === 0) return Buffer.from(Array.from({ length: random(64) }, () => random(256)));
  const cut = random(3) === 0 ? random(whole.length + 1) : whole.length;
  const packet = Buffer.concat([
    whole.subarray(0, cut),
    Buffer.alloc(random(4) === 0 ? random(40) : 0, random(256)),
  ]);
  for (let turns = random(5); turns > 0 && packet.length > 0; turns--)
    packet[random(packet.length)] = random(256);
  return packet;
}

/** Gives `sfuFrames` broken packets of these to a reader; what it throws names the packet and the seed. */
export function fuzz(samples: readonly Buffer[], read: (packet: Buffer) => void): void {
  const seed = testSeed();
  const random = randomNumbers(seed);
  for (let count = testCounts().sfuFrames; count > 0; count--) {
    const packet = broken(samples[random(samples.length)] as Buffer, random);
    try {
      read(packet);
    } catch (error) {
      throw new Error(`seed ${seed}, packet ${packet.toString('hex')}`, { cause: error });
    }
  }
}

/** A check for the inside of `fuzz`: a million of vitest's own take minutes. */
export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Full counts take longer than other tests may. */
export const FUZZ_TIMEOUT_MS = 300_000;
