import { SignalRequest, TrackInfo, type TrackSource, type TrackType } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { openConnection } from './connection.ts';
import { isPair } from './media-view.ts';
import { LiveKitModel } from './test-livekit-model.ts';
import {
  AUDIO,
  addTrack,
  CAMERA,
  EVERYTHING,
  fromClient,
  MICROPHONE,
  offer,
  person,
  receiving,
  SCREEN_SHARE,
  SCREEN_SHARE_AUDIO,
  sending,
  toClient,
  track,
  VIDEO,
  view,
} from './test-messages.ts';
import { MAX_TRACKS } from './tracks.ts';

const open = () => {
  const connection = openConnection(true, view());
  toClient(connection, { case: 'join', value: { participant: person('me') } as never });
  return connection;
};
const reasonOf = (verdict: { close?: { reason: string } }) => verdict.close?.reason;

describe('what an offered stream becomes', () => {
  test('[GWM1] sound is not offered under the id of a declared camera, nor a camera declared under the id of offered sound', () => {
    const declaredFirst = open();
    expect(fromClient(declaredFirst, addTrack('x', VIDEO, CAMERA), view()).relay).toBeDefined();
    expect(reasonOf(fromClient(declaredFirst, offer(sending('audio', '0', 'x')), view()))).toMatch(
      /conflicts/,
    );

    const offeredFirst = open();
    fromClient(offeredFirst, addTrack('y', AUDIO, MICROPHONE), view());
    expect(fromClient(offeredFirst, offer(sending('audio', '0', 'x')), view()).relay).toBeDefined();
    expect(reasonOf(fromClient(offeredFirst, addTrack('x', VIDEO, CAMERA), view()))).toMatch(/conflicts/);
  });

  test('[GWM1] the id of any codec, of a section that only receives, and of another section of one offer bind as well', () => {
    const codec = open();
    const simulcastCodecs = [
      { codec: 'vp9', cid: 'x' },
      { codec: 'vp8', cid: 'z' },
    ] as never;
    fromClient(codec, addTrack('x', VIDEO, CAMERA, { simulcastCodecs }), view());
    expect(reasonOf(fromClient(codec, offer(sending('audio', '0', 'z')), view()))).toMatch(/conflicts/);

    const silent = open();
    fromClient(silent, offer(`${receiving('audio', '0')}\r\na=msid:- x`), view());
    expect(reasonOf(fromClient(silent, addTrack('x', VIDEO, CAMERA), view()))).toMatch(/conflicts/);

    const both = open();
    fromClient(both, addTrack('x', VIDEO, CAMERA), view());
    fromClient(both, addTrack('y', AUDIO, MICROPHONE), view());
    const twice = offer(sending('video', '0', 'n'), sending('audio', '1', 'n'));
    expect(reasonOf(fromClient(both, twice, view()))).toMatch(/conflicts/);
  });

  test('[GWM1] an m-line keeps its kind, and a further codec belongs to the track that its sid names', () => {
    const connection = open();
    fromClient(connection, addTrack('x', VIDEO, CAMERA), view());
    fromClient(connection, addTrack('y', AUDIO, MICROPHONE), view());
    fromClient(connection, offer(sending('video', '0', 'x')), view());
    expect(reasonOf(fromClient(connection, offer(sending('audio', '0', 'y')), view()))).toMatch(
      /m-line changed/,
    );

    toClient(connection, {
      case: 'trackPublished',
      value: { cid: 'x', track: track('TR_1', VIDEO, CAMERA) } as never,
    });
    const simulcastCodecs = [{ codec: 'vp8', cid: 'n' }] as never;
    const foreign = addTrack('n', AUDIO, MICROPHONE, { sid: 'TR_1' });
    expect(reasonOf(fromClient(connection, foreign, view()))).toMatch(/another track/);
    const unknown = addTrack('n', VIDEO, CAMERA, { sid: 'TR_9', simulcastCodecs });
    expect(reasonOf(fromClient(connection, unknown, view()))).toMatch(/another track/);
    const own = addTrack('n', VIDEO, CAMERA, { sid: 'TR_1', simulcastCodecs });
    expect(fromClient(connection, own, view()).relay).toBeDefined();
  });

  test('[GWM2] an empty id of a codec is replaced, and that of a track refused: nameless streams bind to no track', () => {
    const connection = open();
    expect(reasonOf(fromClient(connection, addTrack('', VIDEO, CAMERA), view()))).toMatch(/cid/);
    const simulcastCodecs = [
      { codec: 'vp9', cid: 'x' },
      { codec: 'vp8', cid: '' },
    ] as never;
    const relayed = fromClient(connection, addTrack('x', VIDEO, CAMERA, { simulcastCodecs }), view()).relay
      ?.message;
    const cids = relayed?.case === 'addTrack' ? relayed.value.simulcastCodecs.map(({ cid }) => cid) : [];
    expect(cids).toEqual(['x', 'callgate:backup-video']);
    const guessed = addTrack('callgate:backup-video', AUDIO, MICROPHONE);
    expect(reasonOf(fromClient(connection, guessed, view()))).toMatch(/conflicts/);
  });

  test('[GWM3] a codec of the other kind is neither declared nor offered', () => {
    const connection = open();
    const simulcastCodecs = [{ codec: 'VP8', cid: 'x' }] as never;
    const declared = addTrack('x', AUDIO, MICROPHONE, { simulcastCodecs });
    expect(reasonOf(fromClient(connection, declared, view()))).toMatch(/codec/);
    for (const codec of ['VP8', 'h264', 'rtx']) {
      const section = `${receiving('audio', '0')}\r\na=rtpmap:96 ${codec}/90000`;
      expect(reasonOf(fromClient(open(), offer(section), view())), codec).toMatch(/codec/);
    }
    const section = `${receiving('video', '0')}\r\na=rtpmap:96 opus/48000/2`;
    expect(reasonOf(fromClient(open(), offer(section), view()))).toMatch(/codec/);
  });

  test('[GWM4] a track that is offered anew needs a declaration of its own, of a source that is allowed now', () => {
    const connection = open();
    const undeclared = fromClient(connection, offer(sending('video', '0', 'x')), view());
    expect(undeclared.close).toEqual({ reason: 'track offered without a declaration', mayReconnect: true });

    const revoked = open();
    fromClient(revoked, addTrack('x', VIDEO, CAMERA), view());
    const verdict = fromClient(revoked, offer(sending('video', '0', 'x')), view([MICROPHONE]));
    expect(reasonOf(verdict)).toMatch(/declaration/);

    const second = open();
    fromClient(second, addTrack('x', VIDEO, CAMERA), view());
    expect(fromClient(second, offer(sending('video', '0', 'x')), view()).relay).toBeDefined();
    expect(reasonOf(fromClient(second, offer(sending('video', '1', 'other')), view()))).toMatch(
      /declaration/,
    );
    fromClient(second, addTrack('y', VIDEO, SCREEN_SHARE), view());
    // Firefox offers other ids than it declares.
    expect(fromClient(second, offer(sending('video', '1', 'other')), view()).relay).toBeDefined();
    expect(
      fromClient(second, offer(sending('video', '0', 'x')), view([])).relay,
      'nothing new',
    ).toBeDefined();
  });

  test('[GWM5] of a source and type that do not fit, and of sources without right, nothing is relayed', () => {
    const connection = open();
    const refused = (type: TrackType, source: TrackSource, rights: readonly TrackSource[] = EVERYTHING) => {
      const verdict = fromClient(connection, addTrack('x', type, source), view(rights));
      const answer = verdict.answer?.[0]?.message;
      return { ...verdict, reason: answer?.case === 'requestResponse' ? answer.value.reason : undefined };
    };
    for (const [type, source] of [
      [AUDIO, CAMERA],
      [AUDIO, SCREEN_SHARE],
      [VIDEO, MICROPHONE],
      [VIDEO, SCREEN_SHARE_AUDIO],
      [AUDIO, 0],
      [2 as TrackType, MICROPHONE],
    ] as const) {
      const { relay, dropped, reason } = refused(type, source);
      expect([relay, dropped, reason], `${type} ${source}`).toEqual([
        undefined,
        'addTrack',
        type === 2 ? 5 : 2,
      ]);
    }
    for (const source of [MICROPHONE, SCREEN_SHARE_AUDIO]) {
      const without = EVERYTHING.filter((other) => other !== source);
      expect(refused(AUDIO, source, without)).toMatchObject({ dropped: 'addTrack', reason: 2 });
    }
    expect(
      fromClient(connection, addTrack('x', AUDIO, MICROPHONE), undefined).relay,
      'no view',
    ).toBeUndefined();
    expect(fromClient(connection, addTrack('x', AUDIO, MICROPHONE), view([MICROPHONE])).relay).toBeDefined();
  });

  test('[GWM6] more than 32 tracks at a time are refused; one that is gone makes room, and its id may have another source then', () => {
    const connection = open();
    const declare = (cid: string, source = CAMERA) =>
      fromClient(connection, addTrack(cid, VIDEO, source), view());
    for (let n = 0; n < MAX_TRACKS; n += 1) expect(declare(`c${n}`).relay, `${n}`).toBeDefined();
    expect(declare('more').dropped).toBe('addTrack');
    const info = track('TR_0', VIDEO, CAMERA);
    toClient(connection, { case: 'trackPublished', value: { cid: 'c0', track: info } as never });
    expect(declare('c0', SCREEN_SHARE).dropped, 'alive with another source').toBe('addTrack');
    toClient(connection, { case: 'update', value: { participants: [person('me', [info])] } as never });
    expect(declare('more').dropped, 'still published').toBe('addTrack');
    toClient(connection, { case: 'update', value: { participants: [person('me')] } as never });
    expect(declare('c0', SCREEN_SHARE).relay).toBeDefined();
  });

  const most = { timeout: 60_000 + 5 * testCounts().gatewayHistories };
  test(
    '[GWM7] whatever a hostile client declares and offers, no stream becomes a track of another kind or of a source without right',
    most,
    () => {
      const { gatewayHistories, gatewaySteps } = testCounts();
      const seen = { bindings: 0, closed: 0 };
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: gatewaySteps }), fc.nat(), (steps, choice) => {
          playAgainst(steps, choice, seen);
        }),
        { seed: testSeed(), numRuns: gatewayHistories },
      );
      // The histories get somewhere: streams are bound, and clients are thrown out.
      expect(seen.bindings).toBeGreaterThan(gatewayHistories / 10);
      expect(seen.closed).toBeGreaterThan(gatewayHistories / 10);
    },
  );
});

const id = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'b', 'c') },
  { weight: 1, arbitrary: fc.constantFrom('', 'callgate:backup-video', 'callgate:backup-audio') },
);
const mostly = fc.constantFrom(true, true, true, false);
const codec = fc.constantFrom('vp8', 'vp9', 'opus', 'red', 'rtx', 'VP8', 'video/vp8', '');
const source = fc.constantFrom(...EVERYTHING, 0 as TrackSource);
const type = fc.constantFrom(AUDIO, VIDEO);
const declaration = fc.record({
  step: fc.constant('addTrack' as const),
  cid: id,
  type,
  source,
  isFitting: mostly,
  sidOf: fc.option(fc.nat(3), { freq: 4 }),
  codecs: fc.array(fc.record({ codec, cid: id }), { maxLength: 2 }),
});
const attribute = fc.oneof(
  id.map((name) => `msid:s ${name}`),
  id.map((name) => `msid:${name}`),
  fc.tuple(fc.nat(5), id).map(([ssrc, name]) => `ssrc:${ssrc} msid:s ${name}`),
  fc.nat(5).map((ssrc) => `ssrc:${ssrc} cname:x`),
  fc.constantFrom('rid:q send', 'rid:h send'),
  codec.map((name) => `rtpmap:96 ${name}/90000`),
);
const section = fc.record({
  kind: fc.constantFrom('audio', 'video', 'application'),
  mid: fc.constantFrom('0', '1', '2', '3'),
  direction: fc.constantFrom('sendonly', 'sendrecv', 'recvonly', 'inactive', ''),
  attributes: fc.array(attribute, { maxLength: 4 }),
  isPlain: mostly,
  name: id.filter((text) => text !== ''),
});
const offering = fc.record({
  step: fc.constant('offer' as const),
  sections: fc.uniqueArray(section, { maxLength: 3, selector: ({ mid }) => mid }),
});
const step = fc.oneof(
  { weight: 4, arbitrary: declaration },
  { weight: 4, arbitrary: offering },
  fc.record({ step: fc.constant('rtp' as const) }),
  fc.record({ step: fc.constant('update' as const) }),
  fc.record({ step: fc.constant('rights' as const), sources: fc.subarray(EVERYTHING, { minLength: 1 }) }),
);
type SectionOf = typeof section extends fc.Arbitrary<infer Value> ? Value : never;
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function textOf({ kind, mid, direction, attributes, isPlain, name }: SectionOf): string {
  if (isPlain && kind === 'application')
    return `m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:${mid}`;
  if (isPlain) return sending(kind === 'audio' ? 'audio' : 'video', mid, name);
  const lines = [`mid:${mid}`, ...(direction ? [direction] : []), ...attributes].map((line) => `a=${line}`);
  return [`m=${kind} 9 UDP/TLS/RTP/SAVPF 96`, ...lines].join('\r\n');
}

/** Plays a history against the judge and hands what it relays to the model of LiveKit. */
function playAgainst(
  steps: readonly Step[],
  choice: number,
  seen: { bindings: number; closed: number },
): void {
  const connection = open();
  const server = new LiveKitModel((length) => choice % length);
  let now = view();
  for (const played of steps) {
    if (played.step === 'rights') now = view(played.sources);
    if (played.step === 'rtp') server.undeclared();
    if (played.step === 'update') {
      const tracks = server.published.map(({ sid, type, source }) => track(sid, type, source));
      toClient(connection, { case: 'update', value: { participants: [person('me', tracks)] } as never });
    }
    const message = messageOf(played, server);
    if (!message) continue;
    const verdict = fromClient(connection, message, now);
    if (verdict.close) {
      // The server's participant lives on, and the client takes its connection up again.
      seen.closed += 1;
      continue;
    }
    const relayed = verdict.relay && SignalRequest.fromBinary(verdict.relay.toBinary()).message;
    if (relayed?.case === 'offer') server.offer(relayed.value.sdp);
    if (relayed?.case === 'addTrack') {
      expect(isPair(relayed.value.type, relayed.value.source) && now.sources.has(relayed.value.source)).toBe(
        true,
      );
      const published = server.addTrack(relayed.value);
      const info = published && new TrackInfo({ ...published.track, codecs: [] });
      if (published)
        toClient(connection, { case: 'trackPublished', value: { cid: published.cid, track: info } as never });
    }
    for (const { stream, track: bound } of server.bindings) expect(bound.type, stream.id).toBe(stream.type);
  }
  seen.bindings += server.bindings.length;
}

function messageOf(played: Step, server: LiveKitModel): SignalRequest['message'] | undefined {
  if (played.step === 'offer') return offer(...played.sections.map(textOf));
  if (played.step !== 'addTrack') return undefined;
  const { cid, codecs, isFitting, sidOf } = played;
  const fitting = played.type === AUDIO ? MICROPHONE : CAMERA;
  const sid = (sidOf !== null && server.published[sidOf]?.sid) || '';
  return addTrack(cid, played.type, isFitting ? fitting : played.source, {
    sid,
    simulcastCodecs: codecs as never,
  });
}
