import { describe, expect, test } from 'vitest';
import { MAX_SDP, MAX_SECTIONS, readDescription } from './read-description.ts';
import {
  BROWSERS,
  byHand,
  description,
  FINGERPRINT,
  M_AUDIO,
  M_DATA,
  M_VIDEO,
  media,
  recorded,
  refusal,
  SESSION,
  TRANSPORT,
} from './test-descriptions.ts';

const without = (line: string): string[] => SESSION.filter((one) => !one.startsWith(line));
const bundle = (...mids: string[]): string[] => [...without('a=group'), `a=group:BUNDLE ${mids.join(' ')}`];

describe("a client's description", () => {
  test('[SFW1] what two readers could understand differently is refused', () => {
    const refused: [string, RegExp][] = [
      ['', /v=0/],
      [byHand([]).slice(5), /v=0/],
      [byHand(['a=recvonly\r']), /line malformed/],
      [byHand(['a=x\ry']), /line malformed/],
      [byHand(['a=msid:s \u00e9']), /line malformed/],
      [byHand(['a=recvonly\0']), /line malformed/],
      [byHand([' a=recvonly']), /line malformed/],
      [byHand(['A=recvonly']), /line malformed/],
      [byHand(['a=MSID:s t']), /capitals/],
      [byHand(['m=text 9 UDP/TLS/RTP/SAVPF 96']), /m-line/],
      [byHand(['m=AUDIO 9 UDP/TLS/RTP/SAVPF 96']), /m-line/],
      [byHand(['m=audio  9 UDP/TLS/RTP/SAVPF 96']), /m-line/],
      [byHand(['m=audio 9/2 UDP/TLS/RTP/SAVPF 96']), /m-line/],
      [byHand(['m=audio 65536 UDP/TLS/RTP/SAVPF 96']), /m-line/],
      [byHand(['m=audio 9 RTP/AVP 96']), /m-line/],
      [byHand(['m=audio 9 UDP/TLS/RTP/SAVPF']), /m-line/],
      [byHand(['m=audio 9 UDP/TLS/RTP/SAVPF 128']), /payload type/],
      [byHand(['m=audio 9 UDP/TLS/RTP/SAVPF 96 96']), /payload type/],
      [byHand(['m=application 9 UDP/DTLS/SCTP 5000']), /m-line/],
      [byHand(['a=mid:1']), /mid given twice/],
      [[...SESSION, M_AUDIO, ''].join('\n'), /mid missing/],
      [[...SESSION, M_AUDIO, 'a=mid: 0', ''].join('\n'), /mid malformed/],
      [[...SESSION, M_AUDIO, 'a=mid:0', M_VIDEO, 'a=mid:0', ''].join('\n'), /mid missing or given twice/],
      [byHand(['a=recvonly', 'a=sendonly']), /direction given twice/],
      [byHand([], [...SESSION, 'a=recvonly']), /direction outside/],
      [byHand([], [...SESSION, 'a=extmap:1 urn:x']), /extmap outside/],
      [byHand(['a=msid:s']), /track id/],
      [byHand(['a=msid:s t u']), /msid malformed/],
      [byHand(['a=msid:s  t']), /msid malformed/],
      [byHand(['a=msid:s t', 'a=msid:s u']), /two tracks/],
      [byHand(['a=msid:s t', 'a=ssrc:1 MSID:s t']), /ssrc malformed/],
      [byHand(['a=msid:s t', 'a=ssrc:1 msid:s u']), /two tracks/],
      [byHand(['a=ssrc:0 cname:x']), /ssrc malformed/],
      [byHand(['a=ssrc:4294967296 cname:x']), /ssrc malformed/],
      [byHand(['a=ssrc:-1 cname:x']), /ssrc malformed/],
      [byHand(['a=rtpmap:111']), /rtpmap malformed/],
      [byHand(['a=rtpmap:111 opus/48000/2', 'a=rtpmap:111 opus/48000/2']), /rtpmap given twice/],
      [byHand(['a=fmtp:111 ']), /fmtp malformed/],
      [byHand(['a=fmtp:111 a=1', 'a=fmtp:111 a=2']), /fmtp given twice/],
      [byHand(['a=extmap:x urn:x']), /extmap malformed/],
      [byHand(['a=extmap:1/both urn:x']), /extmap malformed/],
      [byHand(['a=extmap:1 urn:x', 'a=extmap:1 urn:y']), /extmap id given twice/],
      [byHand(['a=extmap:1 urn:x', 'a=extmap:2 urn:x']), /extmap ids differ/],
      [byHand(['a=rid:q']), /rid malformed/],
      [byHand(['a=rid:q send', 'a=rid:q send']), /rid given twice/],
      [byHand(['a=simulcast:send q', 'a=simulcast:send q']), /simulcast given twice/],
      [byHand(['a=simulcast:send q,h']), /simulcast malformed/],
      [byHand(['a=simulcast:send q send h']), /simulcast malformed/],
      [byHand(['a=simulcast:send q;q']), /rid given twice/],
      [byHand([M_DATA, 'a=mid:1', 'a=msid:s t'], bundle('0', '1')), /data section/],
    ];
    expect(
      refused.map(([text, reason]) => [refusal(text), reason, reason.test(refusal(text) ?? '')]),
    ).toEqual(refused.map(([, reason]) => [expect.any(String), reason, true]));
    expect(refusal(byHand([]))).toBeUndefined();
    const two = (one: string, other: string): string | undefined =>
      refusal([...bundle('0', '1'), M_AUDIO, 'a=mid:0', one, M_VIDEO, 'a=mid:1', other, ''].join('\n'));
    expect(two('a=ssrc:1 cname:x', 'a=ssrc:1 cname:x')).toBe('ssrc in two m-lines');
    expect(two('a=extmap:1 urn:x', 'a=extmap:1 urn:y')).toBe('extmap ids differ between m-lines');
    expect(two('a=extmap:1 urn:x', 'a=extmap:2 urn:x')).toBe('extmap ids differ between m-lines');
    expect(two('a=extmap:1 urn:x', 'a=extmap:1 urn:x')).toBeUndefined();
  });

  test('[SFW2] sections outside of the one transport are refused', () => {
    for (const line of TRANSPORT) {
      const key = line.slice(0, line.indexOf(':') + 1);
      expect(refusal(byHand([], without(key))), line).toMatch(/missing/);
      expect(refusal(byHand([`${key}no`])), line).toMatch(/malformed/);
      expect(refusal(byHand([line])), 'repeated alike').toBeUndefined();
    }
    expect(refusal(byHand(['a=ice-ufrag:other']))).toBe('ice-ufrag differs between m-lines');
    expect(refusal(byHand(['a=setup:active']))).toBe('setup differs between m-lines');
    expect(refusal(byHand([`a=fingerprint:${FINGERPRINT.replace('sha-256', 'sha-1')}`]))).toMatch(
      /malformed/,
    );
    expect(refusal(byHand([`a=fingerprint:${FINGERPRINT.replaceAll('AB', 'ab')}`]))).toBeUndefined();
    expect(refusal(byHand([], without('a=group')))).toBe('m-line outside of BUNDLE');
    expect(refusal(byHand([], bundle('0', '0')))).toBe('mid twice in BUNDLE');
    expect(refusal(byHand([], bundle('0', '1')))).toBe('BUNDLE names an unknown mid');
    expect(refusal(byHand([], [...SESSION, 'a=group:BUNDLE 0']))).toBe('BUNDLE given twice');
  });

  test('[SFW3] lengths and numbers have bounds, and a description up to them is read in linear time', () => {
    const many = (count: number): string => {
      const mids = Array.from({ length: count }, (_, n) => `${n}`);
      return [...bundle(...mids), ...mids.flatMap((mid) => [M_AUDIO, `a=mid:${mid}`]), ''].join('\n');
    };
    expect(refusal(many(MAX_SECTIONS + 1))).toBe('too many m-lines');
    expect(refusal(many(MAX_SECTIONS))).toBeUndefined();
    expect(refusal([...bundle('0', '1'), M_DATA, 'a=mid:0', M_DATA, 'a=mid:1', ''].join('\n'))).toBe(
      'two data sections',
    );
    expect(refusal([...SESSION, M_AUDIO, `a=mid:${'x'.repeat(17)}`, ''].join('\n'))).toBe('mid malformed');
    expect(refusal(byHand([`a=rid:${'x'.repeat(17)} send`]))).toBe('rid malformed');
    expect(refusal(byHand([`a=msid:s ${'x'.repeat(257)}`]))).toBe('track id malformed');
    expect(refusal(byHand([`a=fmtp:111 ${'x'.repeat(257)}`]))).toBe('fmtp malformed');
    expect(refusal(byHand(['q', 'h', 'f', 'g'].map((rid) => `a=rid:${rid} send`)))).toMatch(/too many rids/);
    expect(refusal(byHand(Array.from({ length: 17 }, (_, n) => `a=ssrc:${n + 1} cname:x`)))).toMatch(
      /too many sources/,
    );
    expect(refusal(' '.repeat(MAX_SDP + 1))).toBe('description too long');
    const started = process.cpuUsage();
    for (const line of [
      'a=msid:',
      'a=rtpmap:96 ',
      'a=ssrc:1 ',
      'a=extmap:1 ',
      'm=audio 9 ',
      'a=simulcast:send ',
    ]) {
      for (const filling of [' ', '0', ';', '0 ', '\n']) {
        const text = `${SESSION.join('\n')}\n${M_AUDIO}\na=mid:0\n${line}`;
        readDescription(text + filling.repeat(Math.floor((MAX_SDP - text.length) / filling.length)));
      }
    }
    // 30 descriptions of 512 KB; quadratic reading would take minutes.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(10);
  });

  test.each(BROWSERS)('[SFW4] the first offer of %s has six sections to receive in, and data', (browser) => {
    const { sections, parameters } = description(recorded(`${browser}-join`));
    expect(parameters).toMatchObject({ setup: 'actpass', hasData: true });
    expect(sections.filter(({ kind }) => kind === 'application')).toHaveLength(1);
    const received = media(recorded(`${browser}-join`));
    expect(received.map(({ kind }) => kind)).toEqual(['audio', 'audio', 'audio', 'video', 'video', 'video']);
    for (const { kind, direction, payloadTypes, extensions, rids, trackId } of received) {
      expect({ direction, rids, trackId }).toEqual({ direction: 'recvonly', rids: [], trackId: undefined });
      expect(payloadTypes.get(kind === 'audio' ? 'opus' : 'vp8')).toBeGreaterThan(95);
      expect(extensions.mid).toEqual(expect.any(Number));
      expect(extensions[kind === 'audio' ? 'audioLevel' : 'absSendTime']).toEqual(expect.any(Number));
    }
  });

  test.each(BROWSERS)('[SFW4] an offer of %s with a microphone and a simulcast camera', (browser) => {
    const sending = media(recorded(`${browser}-publish`)).filter(({ direction }) => direction === 'sendonly');
    expect(sending.map(({ kind, rids }) => ({ kind, rids }))).toEqual([
      { kind: 'audio', rids: [] },
      { kind: 'video', rids: ['q', 'h', 'f'] },
    ]);
    expect(sending.every(({ trackId }) => (trackId?.length ?? 0) >= 36)).toBe(true);
    expect(sending[0]?.ssrcs).toHaveLength(1);
    expect(sending[1]?.extensions).toMatchObject({ mid: expect.any(Number), rid: expect.any(Number) });
  });

  test.each(BROWSERS)(
    '[SFW4] a section that %s gave up is rejected, a bundled one with port 0 is open',
    (browser) => {
      const text = recorded(`${browser}-stopped`);
      const rejected = media(text).filter(({ isRejected }) => isRejected);
      expect(rejected).toMatchObject([{ direction: 'inactive' }]);
      expect(media(recorded('firefox-join')).every(({ isRejected }) => !isRejected)).toBe(true);
      expect(recorded('firefox-join')).toContain('m=video 0 ');
    },
  );

  test.each(BROWSERS)('[SFW4] an answer of %s to our offer', (browser) => {
    const { parameters } = description(recorded(`${browser}-answer`));
    expect(parameters).toMatchObject({ setup: 'active', hasData: true });
    expect(media(recorded(`${browser}-answer`)).map(({ direction }) => direction)).toEqual([
      'recvonly',
      'recvonly',
      'inactive',
      // H264: this Firefox has none.
      browser === 'firefox' ? 'inactive' : 'recvonly',
    ]);
  });

  test('[SFW4] of H264 only packetization mode 1, types of RTCP never, extensions that the client only takes never', () => {
    const lines = [
      'm=video 9 UDP/TLS/RTP/SAVPF 70 98 99 100',
      'a=mid:1',
      'a=rtpmap:70 VP8/90000',
      'a=rtpmap:98 H264/90000',
      'a=fmtp:98 packetization-mode=0;profile-level-id=42001f',
      'a=rtpmap:99 h264/90000',
      'a=fmtp:99 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
      'a=rtpmap:100 H264/90000',
      'a=fmtp:100 packetization-mode=1;profile-level-id=64001f',
      'a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:sdes:mid',
      'a=extmap:15 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id',
      'a=rid:f send pt=99',
      'a=rid:q send',
      'a=rid:x recv',
      'a=simulcast:send f;~q;x',
    ];
    const [, video] = media(byHand(lines, bundle('0', '1')));
    expect(video).toMatchObject({
      payloadTypes: new Map([['h264', 99]]),
      h264Format: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f',
      extensions: {},
      rids: ['q', 'f'],
      direction: 'sendrecv',
    });
  });
});
