import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import type { SectionUse } from './description.ts';
import { readDescription } from './read-description.ts';
import { BROWSERS, localParameters, MOMENTS, recorded } from './test-descriptions.ts';
import { writeAnswer } from './write-answer.ts';

/** Without most lines of codecs that we do not read, which are three quarters of what Chromium writes. */
const isLean = (line: string): boolean =>
  !/^a=(?:rtcp-fb|fmtp|rtpmap):(?!(?:96|97|102|109|111|120) )/.test(line);
const SEEDS = BROWSERS.flatMap((browser) =>
  MOMENTS.map((moment) => recorded(`${browser}-${moment}`).split('\r\n').filter(isLean)),
);
const PIECES = [
  '',
  ' ',
  ':',
  '0',
  '-1',
  '4294967296',
  '\r',
  '\n',
  '\0',
  '\u00e9',
  'q;h;f',
  'x'.repeat(300),
  'a=mid:0',
];

/** A change of one line: where, what, and with which piece or other line. */
const change = fc.record({
  at: fc.nat(1_000),
  from: fc.nat(1_000),
  cut: fc.nat(200),
  piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 8, unit: 'binary' })),
  kind: fc.constantFrom('drop', 'double', 'move', 'cut', 'insert', 'replace', 'digit'),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function changed(seed: readonly string[], changes: readonly Change[]): string {
  const lines = [...seed];
  for (const { at, from, cut, piece, kind } of changes) {
    const to = at % lines.length;
    const line = lines[to] ?? '';
    const other = lines[from % lines.length] ?? '';
    if (kind === 'drop') lines.splice(to, 1);
    if (kind === 'double') lines.splice(to, 0, line);
    if (kind === 'move') lines.splice(to, 0, other);
    if (kind === 'cut') lines[to] = line.slice(0, cut % (line.length + 1));
    if (kind === 'insert') lines[to] = line.slice(0, cut) + piece + line.slice(cut);
    if (kind === 'replace') lines[to] = piece;
    if (kind === 'digit') lines[to] = line.replace(/\d+/, `${from}`);
  }
  return lines.join('\r\n');
}

/** What may be done in the sections of a description: everything that it offers. */
function everyUse(text: string): string | undefined {
  const read = readDescription(text);
  if ('refusal' in read) return undefined;
  const uses = new Map<string, SectionUse>();
  for (const section of read.description.sections) {
    if (section.kind === 'application' || section.direction === 'inactive') continue;
    const [codec] = section.payloadTypes.keys();
    if (codec === undefined) continue;
    uses.set(
      section.mid,
      section.direction === 'recvonly'
        ? { use: 'send', codec, ssrc: 1 + uses.size, participantSid: 'PA_a', trackSid: `TR_${uses.size}` }
        : { use: 'receive', codec, rids: section.rids },
    );
  }
  return writeAnswer({ offer: read.description, local: localParameters('active'), uses });
}

/** A million descriptions take 10 minutes, and longer on a busy machine. */
const TIMEOUT_MS = 60 * 60_000;

describe('descriptions at random', { timeout: TIMEOUT_MS }, () => {
  const run = { numRuns: testCounts().sfuFrames, seed: testSeed() };

  test('[SFW9] text of any kind never makes the reader throw', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .array(fc.constantFrom(...SEEDS.flat()), { maxLength: 40 })
        .map((lines) => ['v=0', ...lines].join('\n')),
    );
    fc.assert(
      fc.property(text, (one) => {
        const read = readDescription(one);
        expect('refusal' in read || 'description' in read).toBe(true);
      }),
      run,
    );
  });

  test('[SFW9] of changed offers, every answer to one that was read can be read', () => {
    let answers = 0;
    const offer = fc.tuple(fc.constantFrom(...SEEDS), fc.array(change, { maxLength: 4 }));
    fc.assert(
      fc.property(offer, ([seed, changes]) => {
        const answer = everyUse(changed(seed, changes));
        if (answer === undefined) return;
        answers++;
        const read = readDescription(answer);
        expect('refusal' in read ? read.refusal : undefined).toBeUndefined();
      }),
      run,
    );
    expect(answers).toBeGreaterThan(run.numRuns / 10);
  });
});
