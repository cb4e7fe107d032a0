import { describe, expect, test } from 'vitest';
import type { Description, MediaSection, SectionUse } from './description.ts';
import { readDescription } from './read-description.ts';
import {
  BROWSERS,
  byHand,
  description,
  localParameters,
  M_VIDEO,
  media,
  recorded,
  SESSION,
} from './test-descriptions.ts';
import { writeAnswer } from './write-answer.ts';
import { writeOffer } from './write-offer.ts';

const local = localParameters('active');
const sent = (codec: 'opus' | 'vp8' | 'h264'): SectionUse => ({
  use: 'send',
  codec,
  ssrc: 4_000_000_001,
  participantSid: 'PA_someone',
  trackSid: 'TR_theirs',
});

/** The lines of each section of a description. */
const sectionsOf = (text: string): string[][] =>
  text
    .split('\r\nm=')
    .slice(1)
    .map((section) => `m=${section}`.split('\r\n').filter((line) => line !== ''));

const offered = (browser: string): { offer: Description; camera: MediaSection; slots: MediaSection[] } => {
  const offer = description(recorded(`${browser}-publish`));
  const found = media(recorded(`${browser}-publish`));
  const camera = found.find(({ rids }) => rids.length > 0);
  if (!camera) throw new Error('no camera');
  return { offer, camera, slots: found.filter(({ direction }) => direction === 'recvonly') };
};

describe('an answer', () => {
  test('[SFW7] a use that does not fit its section is an error that names the section', () => {
    const { offer, camera, slots } = offered('chromium');
    const answer = (mid: string, use: SectionUse) => () =>
      writeAnswer({ offer, local, uses: new Map([[mid, use]]) });
    const receive = (codec: 'opus' | 'vp8', rids: string[]): SectionUse => ({ use: 'receive', codec, rids });
    expect(answer('99', sent('opus'))).toThrow('no m-line has the mid 99');
    expect(answer(camera.mid, sent('vp8'))).toThrow(`m-line ${camera.mid} is sendonly: we cannot send in it`);
    expect(answer(slots[0]?.mid ?? '', receive('opus', []))).toThrow(/is recvonly: we cannot receive/);
    expect(answer(camera.mid, receive('opus', []))).toThrow(`m-line ${camera.mid} has no opus`);
    expect(answer(camera.mid, receive('vp8', ['x']))).toThrow(`m-line ${camera.mid} has other rids than x`);
  });

  test.each(BROWSERS)('[SFW5] to %s repeats sections, one payload type each, and extensions', (browser) => {
    const { offer, camera } = offered(browser);
    const text = writeAnswer({ offer, local, uses: new Map() });
    expect(text).not.toContain('transport-cc');
    expect(text).toContain(`a=group:BUNDLE ${offer.sections.map(({ mid }) => mid).join(' ')}\r\n`);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const answer = description(text);
    expect(answer.parameters).toEqual({ ...local, candidates: undefined, hasData: true });
    expect(answer.sections.map(({ mid, kind }) => [mid, kind])).toEqual(
      offer.sections.map(({ mid, kind }) => [mid, kind]),
    );
    const sections = media(text);
    expect(sections.every(({ direction }) => direction === 'inactive')).toBe(true);
    for (const [n, section] of media(recorded(`${browser}-publish`)).entries()) {
      const codec = section.kind === 'audio' ? 'opus' : 'vp8';
      expect(sections[n]?.payloadTypes).toEqual(new Map([[codec, section.payloadTypes.get(codec)]]));
      const isTaken = (name: string): boolean => section.sentExtensions?.has(name as 'rid') !== true;
      expect(sections[n]?.extensions).toEqual(
        Object.fromEntries(Object.entries(section.extensions).filter(([name]) => isTaken(name))),
      );
    }
    const lines = sectionsOf(text).find((section) => section.includes(`a=mid:${camera.mid}`)) ?? [];
    const type = camera.payloadTypes.get('vp8');
    for (const feedback of ['goog-remb', 'nack', 'nack pli', 'ccm fir'])
      expect(lines).toContain(`a=rtcp-fb:${type} ${feedback}`);
    expect(lines).toEqual(expect.arrayContaining(['a=rtcp-mux', 'a=ice-options:trickle', 'a=setup:active']));
  });

  test.each(BROWSERS)('[SFW6] to %s: what is received, sent and unused', (browser) => {
    const { offer, camera, slots } = offered(browser);
    const slot = slots.find(({ kind }) => kind === 'video')?.mid ?? '';
    const uses = new Map<string, SectionUse>([
      [camera.mid, { use: 'receive', codec: 'vp8', rids: camera.rids }],
      [slot, sent('vp8')],
    ]);
    const sections = sectionsOf(writeAnswer({ offer, local, uses }));
    const lines = (mid: string): string[] => sections.find((one) => one.includes(`a=mid:${mid}`)) ?? [];
    expect(lines(camera.mid).slice(-5)).toEqual([
      'a=recvonly',
      'a=rid:q recv',
      'a=rid:h recv',
      'a=rid:f recv',
      'a=simulcast:recv q;h;f',
    ]);
    expect(lines(slot).slice(-4)).toEqual([
      'a=sendonly',
      'a=msid:PA_someone|TR_theirs TR_theirs',
      'a=ssrc:4000000001 cname:PA_someone',
      'a=ssrc:4000000001 msid:PA_someone|TR_theirs TR_theirs',
    ]);
    const others = sections.filter((one) => one[0]?.startsWith('m=application') === false);
    expect(others.filter((one) => one.includes('a=inactive'))).toHaveLength(others.length - 2);
  });

  test.each(BROWSERS)('[SFW6] what %s gave up is rejected in its place', (browser) => {
    const offer = description(recorded(`${browser}-stopped`));
    const gone = offer.sections.find(({ isRejected }) => isRejected);
    const text = writeAnswer({ offer, local, uses: new Map() });
    const at = offer.sections.findIndex(({ isRejected }) => isRejected);
    const lines = sectionsOf(text)[at] ?? [];
    expect([lines[0], lines.at(-1)]).toEqual(['m=video 0 UDP/TLS/RTP/SAVPF 0', 'a=inactive']);
    expect(description(text).sections[at]).toMatchObject({ mid: gone?.mid, isRejected: true });
    const [group = ''] = text.split('\r\n').filter((line) => line.startsWith('a=group'));
    expect(group.split(' ').slice(1)).toEqual(
      offer.sections.filter((one) => one !== gone).map(({ mid }) => mid),
    );
  });

  test('[SFW5] an extension that Firefox only sends is repeated for that direction', () => {
    const { offer, camera } = offered('firefox');
    const lines = sectionsOf(writeAnswer({ offer, local, uses: new Map() })).find((one) =>
      one.includes(`a=mid:${camera.mid}`),
    );
    const { rid, repairedRid } = camera.extensions;
    expect(lines).toContain(`a=extmap:${rid}/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id`);
    expect(lines).toContain(
      `a=extmap:${repairedRid}/recvonly urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id`,
    );
  });

  const byHandVideo = (...lines: string[]): Description =>
    description(
      byHand(
        [M_VIDEO, 'a=mid:1', ...lines],
        SESSION.map((line) => (line.startsWith('a=group') ? 'a=group:BUNDLE 0 1' : line)),
      ),
    );

  test('[SFW6] a section without a codec of ours is rejected', () => {
    const offer = byHandVideo(
      'a=rtpmap:96 AV1/90000',
      'a=rtpmap:97 H264/90000',
      'a=fmtp:97 packetization-mode=0',
    );
    const text = writeAnswer({ offer, local, uses: new Map() });
    expect(description(text).sections).toMatchObject([{ isRejected: true }, { isRejected: true }]);
    expect(text).not.toContain('BUNDLE');
  });

  test('[SFW5] parameters of H264 are those of the offer', () => {
    const format = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f';
    const offer = byHandVideo('a=recvonly', 'a=rtpmap:97 H264/90000', `a=fmtp:97 ${format}`);
    const text = writeAnswer({ offer, local, uses: new Map([['1', sent('h264')]]) });
    expect(text).toContain(`m=video 9 UDP/TLS/RTP/SAVPF 97\r\n`);
    expect(text).toContain(`a=rtpmap:97 H264/90000\r\na=fmtp:97 ${format}\r\n`);
  });
});

describe('our own offer', () => {
  const request = { local: localParameters('actpass'), version: 3 };
  const send = sent('opus') as Extract<SectionUse, { use: 'send' }>;

  test('[SFW7] two sections with one mid, and a codec of another kind, are errors', () => {
    const offer = (mid: string, kind: 'audio' | 'video') => () =>
      writeOffer({ ...request, sections: [{ mid, kind, use: send }] });
    expect(offer('0', 'audio')).toThrow('two m-lines with the same mid');
    expect(offer('1', 'video')).toThrow('m-line 1 is for video, not opus');
  });

  test('[SFW8] has the data section first, then ours in order', () => {
    const text = writeOffer({
      ...request,
      sections: [
        { mid: '2', kind: 'audio', use: send },
        { mid: '1', kind: 'video', use: 'unused' },
        { mid: '3', kind: 'video', use: { ...send, codec: 'h264', ssrc: 2 } },
      ],
    });
    expect(text).toContain('o=- 1 3 IN IP4 127.0.0.1\r\n');
    expect(text).toContain('a=group:BUNDLE 0 2 1 3\r\n');
    const [data, audio, unused, h264] = sectionsOf(text);
    expect(data).toEqual(expect.arrayContaining(['a=mid:0', 'a=sctp-port:5000', 'a=setup:actpass']));
    expect(audio).toEqual(expect.arrayContaining(['m=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=sendonly']));
    expect(unused?.at(-1)).toBe('a=inactive');
    expect(h264?.join()).toContain('packetization-mode=1;profile-level-id=42e01f');
    const read = readDescription(text);
    expect('description' in read && read.description.parameters.hasData).toBe(true);
    expect(media(text).map(({ trackId }) => trackId)).toEqual(['TR_theirs', undefined, 'TR_theirs']);
  });
});
