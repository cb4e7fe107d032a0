import {
  AddTrackRequest,
  DisconnectReason,
  Encryption_Type,
  LeaveRequest_Action,
  RequestResponse_Reason,
  SessionDescription,
  TrackSource,
  TrackType,
} from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CAMERA, declare } from './test-client.ts';
import { MICROPHONE, ready, SLOTS } from './test-ready.ts';
import { readTestSdp, testSdp } from './test-sdp.ts';
import { startTestSfu, type TestSfu } from './test-sfu.ts';

let world: TestSfu;
beforeEach(async () => {
  world = await startTestSfu({ limits: { tracks: 4 } });
});
afterEach(() => world.stop());

const held = () => world.sfu.roomControl.getParticipant('room', 'sara').tracks;

describe('a declaration', () => {
  test('[SFR10] is refused by a request response that repeats it', async () => {
    const sara = await ready(world, 'sara', { permission: { canPublishSources: [TrackSource.MICROPHONE] } });
    const { NOT_ALLOWED, UNSUPPORTED_TYPE, INVALID_REQUEST, DUPLICATE_NAME, LIMIT_EXCEEDED } =
      RequestResponse_Reason;
    const audio = { type: TrackType.AUDIO, source: TrackSource.MICROPHONE };
    for (const [reason, request] of [
      [NOT_ALLOWED, { cid: 'camera', ...CAMERA }],
      [UNSUPPORTED_TYPE, { cid: 'data', type: TrackType.DATA }],
      [UNSUPPORTED_TYPE, { cid: 'secret', ...audio, encryption: Encryption_Type.GCM }],
      [UNSUPPORTED_TYPE, { cid: 'backup', ...audio, sid: 'TR_known' }],
      [INVALID_REQUEST, { cid: '', ...audio }],
      [INVALID_REQUEST, { cid: 'x'.repeat(257), ...audio }],
    ] as const) {
      sara.send({ case: 'addTrack', value: new AddTrackRequest(request) });
      const told = await sara.until(
        'requestResponse',
        (one) => one.request.case === 'addTrack' && one.request.value.cid === request.cid,
      );
      expect(told.reason, request.cid).toBe(reason);
      if (reason === UNSUPPORTED_TYPE) expect(told.message).toContain('LiveKit');
    }
    for (const cid of ['1', '2', '3', '4']) await declare(sara, cid);
    sara.send({ case: 'addTrack', value: new AddTrackRequest({ cid: '1', ...audio }) });
    await sara.until('requestResponse', ({ reason }) => reason === DUPLICATE_NAME);
    sara.send({ case: 'addTrack', value: new AddTrackRequest({ cid: '5', ...audio }) });
    await sara.until('requestResponse', ({ reason }) => reason === LIMIT_EXCEEDED);
    expect(sara.all('trackPublished')).toHaveLength(4);
  });

  test('[SFR11] is told, and published once an offer brings the track', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await declare(sara, 'face', { ...CAMERA, name: 'face' });
    expect(sid).toMatch(/^TR_/);
    await sara.settled();
    expect(held()).toEqual([]);
    await sara.offer([...SLOTS, { mid: '9', kind: 'video', trackId: 'face', rids: ['q', 'h', 'f'] }], 7);
    await bob.until('update', ({ participants: [one] }) => one?.tracks.length === 1);
    expect(held()).toMatchObject([
      { sid, name: 'face', mid: '9', mimeType: 'video/VP8', simulcast: true, source: TrackSource.CAMERA },
    ]);
    expect(sara.media.receiving.get(sid)).toMatchObject({ mid: '9', codec: 'vp8', rids: ['q', 'h', 'f'] });
  });

  test('[SFR11] in a join request counts as those that come after', async () => {
    const sdp = testSdp([...SLOTS, { mid: '3', kind: 'audio', trackId: 'voice' }]);
    const sara = await world.enter('sara', {
      request: {
        addTrackRequests: [new AddTrackRequest({ cid: 'voice', source: TrackSource.MICROPHONE })],
        publisherOffer: new SessionDescription({ type: 'offer', sdp, id: 1 }),
      },
    });
    const { track } = await sara.until('trackPublished');
    await sara.until('answer', ({ id }) => id === 1);
    expect(held()).toMatchObject([{ sid: track?.sid }]);
  });
});

describe('an offer', () => {
  test('[SFR12] brings the track of its id, or the first that waits of its kind, never one of another', async () => {
    const sara = await ready(world, 'sara');
    const camera = await declare(sara, 'camera', CAMERA);
    const [first, second] = [await declare(sara, 'first'), await declare(sara, 'second')];
    const answer = await sara.offer(
      [
        ...SLOTS,
        { mid: '3', kind: 'audio', trackId: 'camera' },
        { mid: '4', kind: 'audio', trackId: 'first' },
        { mid: '5', kind: 'audio', trackId: '{anything}' },
        { mid: '6', kind: 'video', trackId: 'second', direction: 'inactive' },
      ],
      2,
    );
    const bound = [...sara.media.receiving].map(([sid, { mid }]) => [sid, mid]);
    expect(bound.sort()).toEqual(
      [
        [first, '4'],
        [second, '3'],
      ].sort(),
    );
    expect(sara.media.receiving.has(camera)).toBe(false);
    expect(readTestSdp(answer.sdp)['5']).toMatchObject({ direction: 'inactive' });
  });

  test('[SFR13] is answered with its own id, in order', async () => {
    const sara = await world.enter('sara');
    for (const id of [5, 6, 7]) {
      const value = new SessionDescription({ type: 'offer', sdp: testSdp(SLOTS), id });
      sara.send({ case: 'offer', value });
    }
    await sara.until('answer', ({ id }) => id === 7);
    expect(sara.all('answer').map(({ id }) => id)).toEqual([5, 6, 7]);
    expect(sara.all('trickle')).toHaveLength(1);
    expect(sara.all('trickle')[0]).toMatchObject({ final: true });
  });

  test.each([
    ['not read', { type: 'offer', sdp: 'nothing' }],
    ['no offer', { type: 'answer', sdp: testSdp(SLOTS) }],
    ['of too many sections', { type: 'offer', sdp: testSdp(manySections(401)) }],
  ])('[SFR13] that is %s ends the client', async (_what, offer) => {
    const sara = await world.enter('sara');
    sara.send({ case: 'offer', value: new SessionDescription(offer) });
    expect(await sara.until('leave')).toMatchObject({
      ...{ reason: DisconnectReason.MEDIA_FAILURE, action: LeaveRequest_Action.DISCONNECT },
    });
    await sara.closed;
    expect(world.sfu.roomControl.listParticipants('room')).toEqual([]);
  });

  test('[SFR13] one of more than sixteen that wait ends the client', async () => {
    const sara = await world.enter('sara');
    const value = new SessionDescription({ type: 'offer', sdp: testSdp(SLOTS), id: 1 });
    await sara.offer(SLOTS, 1);
    // The transport answers no more.
    sara.transport().accept = () => new Promise(() => undefined);
    for (let sent = 0; sent < 17; sent++) sara.send({ case: 'offer', value });
    await sara.until('leave');
    expect(world.notes.join()).toContain('too many offers');
  });

  test('[SFR13] with another certificate sends the client to join anew; one of another ufrag goes on', async () => {
    const sara = await world.enter('sara');
    await sara.offer(SLOTS, 1);
    const restarted = await sara.offer(SLOTS, 2, 'restarted');
    expect(restarted.sdp).toContain('a=ice-ufrag:u0');
    expect(sara.transport().accepted.map(({ ufrag }) => ufrag)).toEqual(['abcd', 'restarted']);
    const sdp = testSdp(SLOTS).replaceAll('AB:AB:', 'CD:CD:');
    sara.send({ case: 'offer', value: new SessionDescription({ type: 'offer', sdp, id: 3 }) });
    expect((await sara.until('leave')).action).toBe(LeaveRequest_Action.RECONNECT);
  });

  test('[SFR14] without its section unpublishes a track, and the section can bring another', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    await sara.offer([...SLOTS, { mid: '3', kind: 'audio', trackId: 'voice', direction: 'inactive' }], 11);
    expect(held()).toEqual([]);
    expect(sara.media.receiving.has(sid)).toBe(false);
    expect(sara.all('trackUnpublished')).toEqual([]);
    const next = await declare(sara, 'next');
    await sara.offer([...SLOTS, { mid: '3', kind: 'audio', trackId: 'next' }], 12);
    expect(held()).toMatchObject([{ sid: next }]);
    const third = await declare(sara, 'third');
    await sara.offer([...SLOTS, { mid: '3', kind: 'audio', trackId: 'third' }], 13);
    expect(held()).toMatchObject([{ sid: third }]);
    expect([...sara.media.receiving.keys()]).toEqual([third]);
  });

  test('[SFR17] H264 is taken where it was declared, or where there is nothing else', async () => {
    const sara = await ready(world, 'sara');
    for (const [at, [codec, codecs, taken]] of [
      ['', ['H264', 'VP8'], 'vp8'],
      ['video/h264', ['VP8', 'H264'], 'h264'],
      ['vp9', ['H264'], 'h264'],
    ].entries() as Iterable<[number, [string, ('VP8' | 'H264')[], string]]>) {
      const cid = `camera-${at}`;
      const sid = await declare(sara, cid, { ...CAMERA, simulcastCodecs: [{ codec, cid }] });
      await sara.offer([...SLOTS, { mid: String(at + 3), kind: 'video', trackId: cid, codecs }], at + 20);
      expect(sara.media.receiving.get(sid)?.codec, codec).toBe(taken);
    }
  });
});

describe('a mute of the client', () => {
  test('[SFR15] is not found for a track that is not its own', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish(MICROPHONE);
    bob.send({ case: 'mute', value: { sid, muted: true } as never });
    expect(await bob.until('requestResponse')).toMatchObject({ reason: RequestResponse_Reason.NOT_FOUND });
    expect(sara.media.muted.get(sid)).toBe(false);
  });

  test('[SFR15] binds and is told; before the offer, too', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await declare(sara, 'voice');
    sara.send({ case: 'mute', value: { sid, muted: true } as never });
    await sara.offer([...SLOTS, { mid: '3', kind: 'audio', trackId: 'voice' }], 2);
    expect(sara.media.muted.get(sid)).toBe(true);
    await bob.until('update', ({ participants: [one] }) => one?.tracks[0]?.muted === true);
    sara.send({ case: 'mute', value: { sid, muted: false } as never });
    await bob.until('update', ({ participants: [one] }) => one?.tracks[0]?.muted === false);
    expect(sara.media.muted.get(sid)).toBe(false);
    expect(sara.all('mute')).toEqual([]);
  });

  test('[SFR16] size and features of a track change for everybody', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish({ ...CAMERA, cid: 'face', kind: 'video' });
    sara.send({ case: 'updateVideoTrack', value: { trackSid: sid, width: 640, height: 360 } as never });
    await bob.until('update', ({ participants: [one] }) => one?.tracks[0]?.width === 640);
    sara.send({ case: 'updateAudioTrack', value: { trackSid: 'TR_none', features: [] } as never });
    await sara.until('requestResponse', ({ reason }) => reason === RequestResponse_Reason.NOT_FOUND);
  });
});

function manySections(count: number) {
  return Array.from({ length: count }, (_, at) => ({ mid: String(at), kind: 'audio' as const }));
}
