import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { MAX_LINES, MAX_SDP, MAX_SECTIONS, readSdp } from './offer.ts';
import { receiving, sdp, sending } from './test-messages.ts';

const refusal = (text: string): string | undefined => {
  const read = readSdp(text);
  return 'refusal' in read ? read.refusal : undefined;
};
const M = 'm=audio 9 UDP/TLS/RTP/SAVPF 96';

describe("a client's description", () => {
  test('[GWM8] what two readers could understand differently is refused', () => {
    const refused = [
      'a=mid:0\n',
      `${M}\r\na=mid:0\r\na=recvonly\r\r\n`,
      `${M}\na=mid:0\na=recvonly\na=x\ry\n`,
      `${M}\na=mid:0\na=recvonly\u0000\n`,
      `${M}\na=mid:0\na=recvonly\n a=msid:s x\n`,
      `${M}\na=mid:0\na=recvonly\na=rtpmap:96 opu\u017f/48000\n`,
      `${M}\na=recvonly\n`,
      `${M}\na=mid:0\na=mid:1\na=recvonly\n`,
      `${M}\na=mid:0\na=recvonly\n${M}\na=mid:0\na=recvonly\n`,
      `${M}\na=mid:0\na=recvonly\na=sendonly\na=msid:s x\n`,
      'm=AUDIO 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=recvonly\n',
      'm=text 9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=recvonly\n',
      'm=audio  9 UDP/TLS/RTP/SAVPF 96\na=mid:0\na=recvonly\n',
      `${M}\na=mid:0\na=sendonly\na=msid:x\n`,
      `${M}\na=mid:0\na=sendonly\na=msid:s x y\n`,
      `${M}\na=mid:0\na=sendonly\na=msid:s  x\n`,
      `${M}\na=mid:0\na=sendonly\na=msid:s x\na=ssrc:1 MSID:s y\n`,
      `${M}\na=mid:0\na=sendonly\na=msid:s x\na=ssrc:1 msid:s y z\n`,
      'm=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:0\na=msid:s x\n',
    ];
    const reasons = refused.map((text) => [text, refusal(text)] as const);
    // The first has no section at all: nothing to refuse in it.
    expect(reasons.filter(([, reason]) => reason === undefined).map(([text]) => text)).toEqual([refused[0]]);
    expect(refusal(`${M}\na=mid:0\na=recvonly\n`)).toBeUndefined();
  });

  test('[GWM8] a section that sends names its track before its sources', () => {
    expect(refusal(`${M}\na=mid:0\na=sendonly\n`)).toMatch(/without a track id/);
    expect(refusal(`${M}\na=mid:0\n`), 'no direction sends').toMatch(/without a track id/);
    expect(refusal(`${M}\na=mid:0\na=sendonly\na=ssrc:1 cname:c\na=msid:s x\n`)).toMatch(
      /without a track id/,
    );
    expect(refusal(`${M}\na=mid:0\na=recvonly\na=ssrc:1 cname:c\n`), 'Firefox').toBeUndefined();
    expect(refusal(`${M}\na=mid:0\na=sendonly\na=ssrc:1 msid:s x\na=ssrc:1 cname:c\n`)).toBeUndefined();
  });

  test('[GWM8] the sections of an offer of a browser are read', () => {
    const read = readSdp(
      sdp(sending('audio', '0', '{a}'), receiving('video', '1'), `${M}\r\na=mid:2\r\na=inactive`),
    );
    expect(read).toEqual({
      sections: [
        { mid: '0', kind: 'audio', sends: true, trackIds: ['{a}'] },
        { mid: '1', kind: 'video', sends: false, trackIds: [] },
        { mid: '2', kind: 'audio', sends: false, trackIds: [] },
      ],
    });
  });

  test('[GWM9] lengths and numbers have bounds, and a description up to them is read in linear time', () => {
    const many = (count: number) =>
      sdp(...Array.from({ length: count }, (_, n) => receiving('audio', `${n}`)));
    expect(refusal(many(MAX_SECTIONS + 1))).toMatch(/too many m-lines/);
    expect(refusal(many(MAX_SECTIONS))).toBeUndefined();
    expect(refusal(`${M}\na=mid:0\na=sendonly\na=msid:s ${'x'.repeat(257)}\n`)).toMatch(/too long/);
    const ids = Array.from({ length: 9 }, (_, n) => `a=msid:s t${n}`).join('\n');
    expect(refusal(`${M}\na=mid:0\na=sendonly\n${ids}\n`)).toMatch(/too many tracks/);
    expect(refusal(' '.repeat(MAX_SDP + 1))).toMatch(/too long/);
    expect(refusal('a=\r\n'.repeat(MAX_LINES))).toMatch(/too many lines/);
    expect(refusal('a=\r\n'.repeat(MAX_LINES - 1))).toBeUndefined();
    const started = process.cpuUsage();
    for (const line of [
      'a=msid:',
      'a=rtpmap:96 ',
      'a=ssrc:1 ',
      'm=audio 9 A ',
      'a=',
      '\r',
      ' ',
      'a=x\n',
      '\n',
    ]) {
      const text = `${M}\na=mid:0\na=sendonly\na=msid:s x\n${line}${'x '.repeat(10)}`;
      readSdp(text + line.repeat(Math.floor((MAX_SDP - text.length) / line.length)));
      readSdp(`${M}\n${line}${'a'.repeat(MAX_SDP - 100)}`);
      readSdp(`${M}\n${line}${' '.repeat(MAX_SDP - 100)}`);
    }
    const { user } = process.cpuUsage(started);
    // 27 descriptions of 512 KB: 0.2 s measured; a quadratic reader needs minutes for one.
    expect(user / 1000).toBeLessThan(5_000);
  });

  test('[GWM9] random text is read or refused, and never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'm=audio 9 UDP/TLS/RTP/SAVPF 96',
        'a=mid:',
        'a=msid:',
        'a=ssrc:1',
        ' ',
        '\r\n',
        '\n',
        'x',
        ':',
      ),
      fc.string({ unit: 'binary', maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const read = readSdp(pieces.join(''));
        if ('refusal' in read) expect(read.refusal.length).toBeGreaterThan(0);
        else
          for (const { kind, sends, trackIds } of read.sections)
            expect(kind === 'application' || !sends || trackIds.length > 0).toBe(true);
      }),
      { seed: testSeed(), numRuns: testCounts().gatewayFrames },
    );
  });
});
