import {
  LeaveRequest_Action,
  SessionDescription,
  SubscriptionError,
  SubscriptionPermission,
  UpdateSubscription,
  UpdateTrackSettings,
  VideoQuality,
} from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CAMERA, declare, eventually, type TestClient } from './test-client.ts';
import { MICROPHONE, ready, SLOTS } from './test-ready.ts';
import { readTestSdp, testSdp } from './test-sdp.ts';
import { startTestSfu, type TestSfu } from './test-sfu.ts';

let world: TestSfu;
beforeEach(async () => {
  world = await startTestSfu();
});
afterEach(() => world.stop());

const FACE = { ...CAMERA, cid: 'face', kind: 'video' } as const;

const subscribe = (client: TestClient, sid: string, wanted: boolean): void =>
  client.send({
    case: 'subscription',
    value: new UpdateSubscription({ trackSids: [sid], subscribe: wanted }),
  });

describe('who gets what', () => {
  test('[SFR20] everybody gets everything, unsubscribes and subscribes again', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish(MICROPHONE);
    await bob.receives(sid);
    subscribe(bob, sid, false);
    await bob.settled();
    expect(bob.media.sending.has(sid)).toBe(false);
    subscribe(bob, sid, true);
    await bob.receives(sid);
  });

  test('[SFR20] without autoSubscribe nobody gets what they do not ask for; what is not there is said', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    const bob = await ready(world, 'bob', { autoSubscribe: false });
    await bob.offer(SLOTS, 30);
    expect(bob.media.sending.size).toBe(0);
    subscribe(bob, 'TR_none', true);
    const none = { trackSid: 'TR_none', err: SubscriptionError.SE_TRACK_NOTFOUND };
    expect(await bob.until('subscriptionResponse')).toMatchObject(none);
    bob.send({
      case: 'subscription',
      value: new UpdateSubscription({ participantTracks: [{ trackSids: [sid] }], subscribe: true }),
    });
    await bob.receives(sid);
  });

  test('[SFR21] who may not subscribe gets nothing, whatever they ask', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    const bob = await ready(world, 'bob', { permission: { canSubscribe: false } });
    subscribe(bob, sid, true);
    world.sfu.roomControl.updateSubscriptions('room', 'bob', [sid], true);
    await bob.offer(SLOTS, 30);
    expect(bob.media.sending.size).toBe(0);
  });

  test('[SFR21] whom the publisher leaves out loses the track at once, and has it back', async () => {
    const [bob, sara, carl] = [
      await ready(world, 'bob'),
      await ready(world, 'sara'),
      await ready(world, 'carl'),
    ];
    const sid = await sara.publish(MICROPHONE);
    await bob.receives(sid);
    await carl.receives(sid);
    const allow = (value: ConstructorParameters<typeof SubscriptionPermission>[0]): void =>
      sara.send({ case: 'subscriptionPermission', value: new SubscriptionPermission(value) });
    allow({ trackPermissions: [{ participantIdentity: 'carl', trackSids: [sid] }] });
    const told = await bob.until('subscriptionPermissionUpdate');
    expect(told).toMatchObject({ participantSid: sara.sid(), trackSid: sid, allowed: false });
    expect([bob.media.sending.has(sid), carl.media.sending.has(sid)]).toEqual([false, true]);
    subscribe(bob, sid, true);
    await bob.settled();
    await bob.offer(SLOTS, 31);
    expect(bob.media.sending.has(sid)).toBe(false);
    expect(carl.all('subscriptionPermissionUpdate')).toEqual([]);
    allow({ allParticipants: true });
    await bob.until('subscriptionPermissionUpdate', ({ allowed }) => allowed);
    await bob.receives(sid);
  });

  test('[SFR27] the publisher is told of the first subscriber', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    await sara.settled();
    expect(sara.all('trackSubscribed')).toEqual([]);
    for (const identity of ['bob', 'carl']) await (await ready(world, identity)).receives(sid);
    expect(sara.all('trackSubscribed')).toMatchObject([{ trackSid: sid }]);
  });

  test('[SFR26] settings become wishes, also of what comes later', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const layers = [
      { quality: VideoQuality.LOW, width: 320, height: 180 },
      { quality: VideoQuality.MEDIUM, width: 640, height: 360 },
      { quality: VideoQuality.HIGH, width: 1280, height: 720 },
    ];
    const sid = await sara.publish({ ...FACE, layers });
    const set = async (value: ConstructorParameters<typeof UpdateTrackSettings>[0]) => {
      bob.send({ case: 'trackSetting', value: new UpdateTrackSettings({ trackSids: [sid], ...value }) });
      await bob.settled();
      return bob.media.wishes.get(sid);
    };
    expect(await set({ quality: VideoQuality.LOW })).toBe(undefined);
    await bob.receives(sid);
    expect(bob.media.wishes.get(sid)).toEqual({ disabled: false, quality: 0 });
    expect(await set({ disabled: true, quality: VideoQuality.HIGH })).toEqual({ disabled: true, quality: 2 });
    expect(await set({ width: 300, height: 200 })).toEqual({ disabled: false, quality: 0 });
    expect(await set({ width: 300, height: 600 })).toEqual({ disabled: false, quality: 1 });
    expect(await set({ width: 1920, height: 1080 })).toEqual({ disabled: false, quality: 2 });
    expect(await set({ quality: VideoQuality.OFF })).toMatchObject({ disabled: true });
  });

  test('[SFR25] a codec that the client does not take is said once', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish({ ...FACE, codecs: ['H264'] });
    await bob.until('mediaSectionsRequirement');
    await bob.offer(SLOTS, 30);
    const told = { trackSid: sid, err: SubscriptionError.SE_CODEC_UNSUPPORTED };
    expect(await bob.until('subscriptionResponse')).toMatchObject(told);
    await bob.offer(SLOTS, 31);
    expect(bob.all('subscriptionResponse')).toHaveLength(1);
    expect(bob.media.sending.size).toBe(0);
  });
});

describe('one connection', () => {
  test('[SFR22] the client is asked for what is missing, once', async () => {
    const bob = await ready(world, 'bob');
    const sara = await ready(world, 'sara');
    const sids: string[] = [];
    for (const cid of ['a', 'b', 'c']) sids.push(await sara.publish({ ...MICROPHONE, cid }));
    await bob.settled();
    const asked = bob.all('mediaSectionsRequirement');
    // One free section was there: the first track needs none, and each track more one.
    expect(asked.map(({ numAudios }) => numAudios)).toEqual([0, 1, 1]);
    expect(asked.every(({ numVideos }) => numVideos === 0)).toBe(true);
    const more = ['8', '9'].map((mid) => ({ mid, kind: 'audio', direction: 'recvonly' }) as const);
    const answer = readTestSdp((await bob.offer([...SLOTS, ...more], 30)).sdp);
    expect(['1', '8', '9'].map((mid) => answer[mid]?.track)).toEqual(sids);
    expect([...bob.media.sending.keys()]).toEqual(sids);
    const ssrcs = [...bob.media.sending.values()].map(({ section }) => section.ssrc);
    expect(new Set(ssrcs).size).toBe(3);
    await bob.settled();
    expect(bob.all('mediaSectionsRequirement')).toHaveLength(3);
  });

  test('[SFR23] a section is answered unused between two tracks', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const first = await sara.publish(MICROPHONE);
    await bob.receives(first);
    const before = bob.all('mediaSectionsRequirement').length;
    await sara.offer(SLOTS, 40);
    await eventually(() => expect(bob.all('mediaSectionsRequirement')).toHaveLength(before + 1));
    expect(bob.all('mediaSectionsRequirement').at(-1)).toMatchObject({ numAudios: 0, numVideos: 0 });
    const second = await sara.publish({ ...MICROPHONE, cid: 'second' });
    const between = readTestSdp((await bob.offer(SLOTS, 41)).sdp);
    expect(between['1']).toMatchObject({ direction: 'inactive' });
    expect(bob.media.sending.size).toBe(0);
    const after = readTestSdp((await bob.offer(SLOTS, 42)).sdp);
    expect(after['1']).toEqual({ direction: 'sendonly', track: second });
  });

  test('[SFR23] a track whose section the client takes for itself, or closes, has another', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish(MICROPHONE);
    await bob.receives(sid);
    const own = await declare(bob, 'own');
    const [data, , video] = SLOTS;
    const taken = { mid: '1', kind: 'audio', direction: 'sendrecv', trackId: 'own' } as const;
    const spare = (mid: string) => ({ mid, kind: 'audio', direction: 'recvonly' }) as const;
    const answer = readTestSdp((await bob.offer([data, taken, video, spare('7')], 60)).sdp);
    expect(answer['1']).toMatchObject({ direction: 'recvonly' });
    expect(answer['7']).toEqual({ direction: 'sendonly', track: sid });
    expect(bob.media.receiving.has(own)).toBe(true);
    expect(bob.media.sending.get(sid)?.section.mid).toBe('7');
    const closed = { ...spare('7'), direction: 'inactive' } as const;
    const next = readTestSdp((await bob.offer([data, taken, video, closed, spare('8')], 61)).sdp);
    expect([next['7']?.direction, next['8']?.track]).toEqual(['inactive', sid]);
  });
});

describe('two connections', () => {
  const enterV0 = async (identity: string): Promise<TestClient> => {
    const client = await world.enter(identity, { path: '/rtc' });
    const { id } = await client.until('offer');
    reply(client, id, []);
    await client.settled();
    client.transport().handlers.onOpen();
    return client;
  };
  const reply = (client: TestClient, id: number, mids: readonly string[]): void => {
    const sections = mids.map((mid) => ({ mid, kind: 'audio', direction: 'recvonly' }) as const);
    const sdp = testSdp([{ mid: '0', kind: 'application' }, ...sections]);
    client.send({ case: 'answer', value: new SessionDescription({ type: 'answer', sdp, id }) });
  };

  test('[SFR24] ours is offered one at a time, and nothing is sent before the answer', async () => {
    const bob = await enterV0('bob');
    const sara = await ready(world, 'sara');
    const first = await sara.publish(MICROPHONE);
    const offer = await bob.until('offer', ({ id }) => id === 2);
    expect(readTestSdp(offer.sdp)['1']).toEqual({ direction: 'sendonly', track: first });
    expect(offer.midToTrackId).toEqual({ 1: first });
    const second = await sara.publish({ ...MICROPHONE, cid: 'second' });
    reply(bob, 1, ['1']);
    await bob.settled();
    expect(bob.media.sending.size).toBe(0);
    expect(bob.all('offer')).toHaveLength(2);
    reply(bob, 2, ['1']);
    await bob.until('offer', ({ id }) => id === 3);
    expect([...bob.media.sending.keys()]).toEqual([first]);
    reply(bob, 0, ['1', '2']);
    await bob.settled();
    expect([...bob.media.sending.keys()]).toEqual([first, second]);
    expect(bob.all('trickle')).toMatchObject([{ target: 1, final: true }]);
  });

  test('[SFR24] where to connect is told with the first answer', async () => {
    const bob = await world.enter('bob', { path: '/rtc' });
    const { id } = await bob.until('offer');
    await bob.settled();
    expect(bob.all('trickle')).toEqual([]);
    reply(bob, id, []);
    await bob.until('trickle');
    expect(bob.transport().answers).toHaveLength(1);
  });

  test('[SFR24] what ended before the answer is not sent', async () => {
    const bob = await enterV0('bob');
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    await bob.until('offer', ({ id }) => id === 2);
    subscribe(bob, sid, false);
    reply(bob, 2, ['1']);
    const next = await bob.until('offer', ({ id }) => id === 3);
    expect(bob.media.sending.size).toBe(0);
    expect(readTestSdp(next.sdp)['1']).toMatchObject({ direction: 'inactive' });
  });

  test('[SFR25] a section that the client’s answer leaves out is given up', async () => {
    const bob = await enterV0('bob');
    const sara = await ready(world, 'sara');
    await sara.publish(MICROPHONE);
    await bob.until('offer', ({ id }) => id === 2);
    reply(bob, 2, []);
    await bob.until('subscriptionResponse', ({ err }) => err === SubscriptionError.SE_CODEC_UNSUPPORTED);
    expect(bob.media.sending.size).toBe(0);
  });

  test('[SFR24] who does not answer in time joins anew', async () => {
    let ahead = 0;
    await world.stop();
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      world = await startTestSfu({
        clock: { now: () => world.nowMs, monotonic: () => performance.now() + ahead },
      });
      const bob = await world.enter('bob', { path: '/rtc' });
      await bob.until('offer');
      bob.transport().handlers.onOpen();
      vi.advanceTimersByTime(5_000);
      await bob.settled();
      expect(bob.all('leave')).toEqual([]);
      ahead = 16_000;
      vi.advanceTimersByTime(5_000);
      expect((await bob.until('leave')).action).toBe(LeaveRequest_Action.RECONNECT);
    } finally {
      vi.useRealTimers();
    }
  });
});
