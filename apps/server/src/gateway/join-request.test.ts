import { gzipSync } from 'node:zlib';
import { JoinRequest, SessionDescription, WrappedJoinRequest } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { openConnection } from './connection.ts';
import {
  dialQuery,
  MAX_COMPRESSED_BYTES,
  MAX_INFLATED_BYTES,
  readJoinQuery,
  readJoinRequest,
} from './join-request.ts';
import { judgeJoinRequest } from './judge-join.ts';
import { AUDIO, addTrack, CAMERA, cases, MICROPHONE, offer, sending, VIDEO, view } from './test-messages.ts';

const query = (bytes: Uint8Array, compression = 0): URLSearchParams => {
  const wrapped = new WrappedJoinRequest({ compression, joinRequest: Uint8Array.from(bytes) });
  const text = Buffer.from(wrapped.toBinary()).toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  return new URLSearchParams({ join_request: text });
};
const refusal = (read: ReturnType<typeof readJoinRequest>) => ('refusal' in read ? read.refusal : undefined);
const declared = (...parameters: Parameters<typeof addTrack>) => addTrack(...parameters).value as never;
const judge = (request: JoinRequest, now = view()) =>
  judgeJoinRequest(openConnection(true, now), request, now, false);

describe('the request that a client connects with', () => {
  test('[GWM26] too long, too long once inflated, malformed or missing is refused', () => {
    expect(refusal(readJoinRequest(new URLSearchParams()))).toMatch(/missing/);
    expect(refusal(readJoinRequest(new URLSearchParams({ join_request: '!' })))).toMatch(/malformed/);
    expect(refusal(readJoinRequest(query(new Uint8Array([255, 255]))))).toMatch(/malformed/);
    expect(refusal(readJoinRequest(query(new Uint8Array([1, 2, 3]), 1)))).toMatch(/malformed/);
    expect(refusal(readJoinRequest(query(new JoinRequest().toBinary(), 2)))).toMatch(/malformed/);
    expect(refusal(readJoinRequest(query(new Uint8Array(MAX_COMPRESSED_BYTES + 100))))).toMatch(/too long/);
    const bomb = new JoinRequest({ metadata: 'x'.repeat(MAX_INFLATED_BYTES) }).toBinary();
    expect(refusal(readJoinRequest(query(gzipSync(bomb), 1)))).toMatch(/malformed/);
    const full = new JoinRequest({ metadata: 'x'.repeat(MAX_INFLATED_BYTES - 10) }).toBinary();
    expect(refusal(readJoinRequest(query(gzipSync(full), 1)))).toBeUndefined();
  });

  const most = { timeout: 60_000 + 5 * testCounts().gatewayFrames };
  test('[GWM26] random text is read or refused, and never throws', most, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(3), fc.string(), (bytes, compression, text) => {
        readJoinRequest(query(bytes, compression));
        readJoinRequest(query(gzipSync(bytes), 1));
        readJoinRequest(new URLSearchParams({ join_request: text }));
        dialQuery(readJoinQuery(new URLSearchParams(text)), true);
      }),
      { seed: testSeed(), numRuns: Math.ceil(testCounts().gatewayFrames / 3) },
    );
  });

  test('[GWM27] its declarations and its offer are judged as the messages that they stand for', () => {
    const request = new JoinRequest({
      addTrackRequests: [declared('x', VIDEO, CAMERA), declared('y', AUDIO, MICROPHONE)],
    });
    const withoutCamera = judge(request, view([MICROPHONE], ['audio']));
    expect(withoutCamera.request?.addTrackRequests).toMatchObject([{ cid: 'y', muted: true }]);
    expect(cases(withoutCamera.answer)).toEqual(['requestResponse']);
    request.publisherOffer = offer(sending('audio', '0', 'x')).value as never;
    expect(judge(request).close?.reason).toMatch(/conflicts/);
    request.publisherOffer = offer(sending('video', '0', 'x')).value as never;
    expect(judge(request).request?.publisherOffer?.sdp).toMatch(/msid:- x/);
  });

  test('[GWM28] metadata and attributes are left out, and auto-subscription is as the gateway says', () => {
    const request = new JoinRequest({
      metadata: 'm',
      participantAttributes: { a: 'b' },
      connectionSettings: {
        autoSubscribe: true,
        autoSubscribeDataTrack: true,
        adaptiveStream: true,
      } as never,
      reconnect: true,
      participantSid: 'PA_1',
    });
    const read = readJoinRequest(query(gzipSync(request.toBinary()), 1));
    expect(read).toMatchObject({ reconnect: true, participantSid: 'PA_1', autoSubscribe: true });
    const judged = judge(request).request;
    const again = readJoinRequest(
      dialQuery({ reconnect: true, participantSid: 'PA_1', autoSubscribe: true, request: judged! }, false),
    );
    expect('request' in again && again.request).toMatchObject({
      metadata: '',
      participantAttributes: {},
      connectionSettings: { autoSubscribe: false, autoSubscribeDataTrack: false, adaptiveStream: true },
      reconnect: true,
      participantSid: 'PA_1',
    });
  });

  test('[GWM28] of the older path named parameters are handed on, and nothing else', () => {
    const sent = new URLSearchParams(
      'access_token=t&join_request=x&publish=p&attributes=a&name=n&sdk=js&version=2.5.0&protocol=15&auto_subscribe=1&reconnect=1&sid=PA_1&adaptive_stream=1',
    );
    const dialled = dialQuery(readJoinQuery(sent), false);
    expect(Object.fromEntries(dialled)).toEqual({
      sdk: 'js',
      version: '2.5.0',
      protocol: '15',
      adaptive_stream: '1',
      auto_subscribe: '0',
      auto_subscribe_data_track: '0',
      reconnect: '1',
      sid: 'PA_1',
    });
    expect(readJoinQuery(new URLSearchParams('sid=PA_1'))).toMatchObject({
      reconnect: false,
      participantSid: '',
      autoSubscribe: true,
    });
    expect(readJoinQuery(new URLSearchParams('auto_subscribe=0'))).toMatchObject({ autoSubscribe: false });
  });
});

test('[GWM29] candidates of the offer in a join request are left out, and ice-lite is refused', () => {
  const request = new JoinRequest({ addTrackRequests: [declared('x', VIDEO, CAMERA)] });
  const offered = offer(sending('video', '0', 'x')).value as SessionDescription;
  const candidates = 'a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n';
  request.publisherOffer = new SessionDescription({ ...offered, sdp: `${offered.sdp}${candidates}` });
  const judged = judge(request).request?.publisherOffer?.sdp;
  expect(judged).toMatch(/msid:- x/);
  expect(judged).not.toMatch(/candidate/);
  request.publisherOffer = new SessionDescription({ ...offered, sdp: `${offered.sdp}a=ice-lite\r\n` });
  expect(judge(request)).toMatchObject({ close: { mayReconnect: false } });
});
