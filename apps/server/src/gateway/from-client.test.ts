import {
  MuteTrackRequest,
  RequestResponse_Reason,
  SessionDescription,
  SignalRequest,
  SubscriptionPermission,
  SyncState,
  UpdateLocalAudioTrack,
  UpdateLocalVideoTrack,
  UpdateParticipantMetadata,
  UpdateSubscription,
  UpdateTrackSettings,
  UpdateVideoLayers,
} from '@livekit/protocol';
import { describe, expect, test } from 'vitest';
import { openConnection } from './connection.ts';
import { judgeRequest, readRequest } from './from-client.ts';
import { MAX_FEATURES, MAX_LAYERS, MAX_PERMITTED } from './list-limits.ts';
import type { MediaKind } from './media-view.ts';
import { MAX_REMINDERS } from './mute-orders.ts';
import { MAX_ID } from './offer.ts';
import { encodeRequest } from './signal-codec.ts';
import {
  AUDIO,
  addTrack,
  CAMERA,
  cases,
  fromClient,
  MICROPHONE,
  person,
  receiving,
  sdp,
  sending,
  toClient,
  track,
  VIDEO,
  view,
} from './test-messages.ts';
import { MAX_SENDING, MAX_TRACKS } from './tracks.ts';

const SID = 'TR_mic';
const join = (...others: ReturnType<typeof person>[]) => {
  const connection = openConnection(true, view());
  toClient(connection, {
    case: 'join',
    value: { participant: person('me'), otherParticipants: others } as never,
  });
  return connection;
};
type Joined = ReturnType<typeof join>;

/** Declares and publishes the microphone; what the client is told with it. */
const publish = (connection: Joined, muted: readonly MediaKind[], isSelfMuted = false) => {
  const declared = addTrack('mic', AUDIO, MICROPHONE, { muted: isSelfMuted });
  const relayed = fromClient(connection, declared, view([MICROPHONE, CAMERA], muted)).relay?.message;
  const isMuted = relayed?.case === 'addTrack' && relayed.value.muted;
  const info = track(SID, AUDIO, MICROPHONE, { muted: isMuted });
  return {
    isMuted,
    told: toClient(connection, { case: 'trackPublished', value: { cid: 'mic', track: info } as never }),
  };
};
const mute = (connection: Joined, muted: boolean, now = view()) =>
  fromClient(connection, { case: 'mute', value: new MuteTrackRequest({ sid: SID, muted }) }, now);
const update = (connection: Joined, muted = true) =>
  toClient(connection, {
    case: 'update',
    value: { participants: [person('me', [track(SID, AUDIO, MICROPHONE, { muted })])] } as never,
  });

describe('messages of a client', () => {
  test('[GWM10] what is not on the list is dropped under its name', () => {
    const dropped = [
      'simulate',
      'publishDataTrackRequest',
      'unpublishDataTrackRequest',
      'updateDataSubscription',
      'storeDataBlobRequest',
      'getDataBlobRequest',
    ];
    for (const name of dropped) {
      const verdict = fromClient(join(), { case: name, value: {} } as never, view());
      expect(verdict, name).toEqual({ dropped: name });
    }
    expect(fromClient(join(), { case: undefined }, view())).toEqual({ dropped: 'unknown' });
    for (const name of [
      'trackSetting',
      'updateLayers',
      'subscriptionPermission',
      'updateAudioTrack',
      'updateVideoTrack',
      'leave',
      'pingReq',
      'trickle',
    ]) {
      expect(fromClient(join(), { case: name, value: {} } as never).relay?.message.case, name).toBe(name);
    }
  });

  test('[GWM10] a field that the gateway does not know is not relayed: it could be the case that counts', () => {
    const connection = join();
    const relayed = (bytes: readonly number[]) => {
      const read = readRequest(connection, Uint8Array.from(bytes));
      const { relay } = 'close' in read ? { relay: undefined } : judgeRequest(connection, read, view());
      return relay && [...encodeRequest(relay)];
    };
    // Field 99, length-delimited, empty: beside the message's case, and inside of it.
    const unknown = [0x9a, 0x06, 0x00];
    const ping = [...new SignalRequest({ message: { case: 'ping', value: 1n } }).toBinary()];
    expect(relayed([...ping, ...unknown])).toEqual(ping);
    const leave = [
      ...new SignalRequest({ message: { case: 'trackSetting', value: {} as never } }).toBinary(),
    ];
    expect(relayed([...leave.slice(0, -1), unknown.length, ...unknown])).toEqual(leave);
    expect(relayed(unknown)).toBeUndefined();
  });

  describe('lists', () => {
    const permission = (people: number, more: object = {}) => ({
      case: 'subscriptionPermission' as const,
      value: new SubscriptionPermission({
        trackPermissions: Array.from({ length: people }, (_, at) => ({
          ...{ participantIdentity: `person-${at}`, trackSids: ['TR_a'], ...more },
        })),
      }),
    });
    const layers = (count: number, trackSid = SID, rid = 'q') => ({
      case: 'updateLayers' as const,
      value: new UpdateVideoLayers({ trackSid, layers: Array.from({ length: count }, () => ({ rid })) }),
    });
    const features = (count: number, trackSid = SID) => ({
      case: 'updateAudioTrack' as const,
      value: new UpdateLocalAudioTrack({ trackSid, features: Array.from({ length: count }, () => 1) }),
    });
    const tracks = (count: number) => Array.from({ length: count }, (_, at) => `TR_${at}`);
    const long = 'x'.repeat(MAX_ID + 1);

    test.each([
      ['people', permission(MAX_PERMITTED + 1)],
      ['people without end', permission(100_000)],
      ['tracks of one of them', permission(1, { trackSids: tracks(MAX_TRACKS + 1) })],
      ['id of a track', permission(1, { trackSids: [long] })],
      ['identity', permission(1, { participantIdentity: long })],
      ['id of a participant', permission(1, { participantSid: long })],
      ['layers', layers(MAX_LAYERS + 1)],
      ['id of a track with layers', layers(1, long)],
      ['id of a layer', layers(1, SID, long)],
      ['features', features(MAX_FEATURES + 1)],
      ['id of a track of sound', features(1, long)],
      [
        'id of a picture',
        { case: 'updateVideoTrack', value: new UpdateLocalVideoTrack({ trackSid: long }) } as const,
      ],
    ])('[GWM31] too long: %s; it is dropped and answered', (_name, message) => {
      const { dropped, relay, answer, close } = fromClient(join(), message, view());
      expect([dropped, relay, close]).toEqual([message.case, undefined, undefined]);
      expect(answer?.map((one) => one.message)).toMatchObject([
        { case: 'requestResponse', value: { reason: RequestResponse_Reason.LIMIT_EXCEEDED } },
      ]);
    });

    test('[GWM31] as long as they may be they pass as they came', () => {
      const longest = [
        permission(MAX_PERMITTED),
        permission(1, { trackSids: tracks(MAX_TRACKS) }),
        permission(1, { participantIdentity: 'x'.repeat(MAX_ID) }),
        layers(MAX_LAYERS, SID, 'x'.repeat(MAX_ID)),
        features(MAX_FEATURES),
      ];
      for (const message of longest)
        expect(fromClient(join(), message, view()).relay?.message).toEqual(message);
    });
  });

  test('[GWM11] nobody changes their name, metadata or attributes: the request is answered as not allowed', () => {
    const value = new UpdateParticipantMetadata({ name: 'x', requestId: 7 });
    const { dropped, relay, answer } = fromClient(join(), { case: 'updateMetadata', value });
    expect([dropped, relay]).toEqual(['updateMetadata', undefined]);
    expect(answer?.[0]?.message).toMatchObject({
      case: 'requestResponse',
      value: { requestId: 7, reason: RequestResponse_Reason.NOT_ALLOWED },
    });
  });

  test('[GWM12] with a mute record a track is published as muted, and the client is told with the publication and after it', () => {
    const connection = join();
    const { isMuted, told } = publish(connection, ['audio']);
    expect(isMuted).toBe(true);
    expect(cases(told.also)).toEqual(['mute']);
    expect(cases(update(connection).also), 'the publication may exist only now').toEqual(['mute']);
    const ping = fromClient(connection, { case: 'ping', value: 1n });
    expect(cases(ping.answer)).toEqual(['mute']);
    mute(connection, true);
    expect(update(connection).also).toEqual([]);

    const other = join();
    expect(publish(other, ['video']).isMuted, 'another kind').toBe(false);
    expect(update(other, false).also).toEqual([]);
  });

  test('[GWM13] an unmute that livekit-client sends by itself does not end a mute; the own one, after it followed, does', () => {
    const connection = join();
    publish(connection, ['audio']);
    const record = view(undefined, ['audio']);
    const early = mute(connection, false, record);
    expect([early.relay, early.unmutes, cases(early.answer)]).toEqual([undefined, undefined, ['mute']]);
    expect(mute(connection, true, record).relay).toBeDefined();
    const own = mute(connection, false, record);
    expect(own.unmutes).toEqual({ sid: SID, kind: 'audio' });
    expect(own.relay?.message.case).toBe('mute');
    expect(mute(connection, false, record).dropped, 'a new record, not followed').toBe('mute');
  });

  test('[GWM13] a mute by the server is an order, and an unmute under a record without one as well', () => {
    const connection = join();
    publish(connection, []);
    toClient(connection, { case: 'mute', value: new MuteTrackRequest({ sid: SID, muted: true }) });
    expect(mute(connection, false).dropped).toBe('mute');
    mute(connection, true);
    expect(mute(connection, false).relay).toBeDefined();
    expect(mute(connection, false).unmutes, 'no record, nothing to clear').toBeUndefined();

    const racing = join();
    publish(racing, []);
    expect(mute(racing, false, view(undefined, ['audio'])).dropped).toBe('mute');
  });

  test('[GWM13] a client that was silent by its own word has followed already', () => {
    const connection = join();
    expect(publish(connection, ['audio'], true).told.also).toEqual([]);
    expect(mute(connection, false, view(undefined, ['audio'])).unmutes).toEqual({ sid: SID, kind: 'audio' });
  });

  test('[GWM14] without the right to the source no unmute passes, followed or not', () => {
    const connection = join();
    publish(connection, []);
    mute(connection, true);
    const verdict = mute(connection, false, view([CAMERA]));
    expect([verdict.relay, cases(verdict.answer)]).toEqual([undefined, ['mute']]);
    expect(mute(connection, false, undefined).relay, 'no view').toBeUndefined();
    mute(connection, true);
    expect(mute(connection, false).relay).toBeDefined();
  });

  test('[GWM14] the mute of a track that is not the own one is no unmute, and an order is repeated 50 times', () => {
    const connection = join();
    const value = new MuteTrackRequest({ sid: 'TR_other', muted: false });
    expect(fromClient(connection, { case: 'mute', value }, view())).toEqual({ dropped: 'mute' });
    publish(connection, ['audio']);
    const answered = Array.from({ length: 100 }, () => mute(connection, false).answer?.length ?? 0);
    expect(answered.reduce((sum, count) => sum + count, 0)).toBe(MAX_REMINDERS - 1);
  });

  test('[GWM15] hidden and unknown tracks are not subscribed to; the others of the same message are', () => {
    const anna = person('anna', [track('TR_a', VIDEO, CAMERA)]);
    const ben = person('ben', [track('TR_b', VIDEO, CAMERA)]);
    const connection = join(anna, ben);
    const participantTracks = [{ participantSid: 'PA_ben', trackSids: ['TR_a', 'TR_b'] }] as never;
    const value = new UpdateSubscription({ trackSids: ['TR_a', 'TR_x'], participantTracks, subscribe: true });
    const now = view(undefined, [], ['anna']);
    const relayed = fromClient(connection, { case: 'subscription', value }, now).relay?.message;
    expect(relayed?.value).toMatchObject({ trackSids: [], participantTracks: [{ trackSids: ['TR_b'] }] });
    const only = new UpdateSubscription({ trackSids: ['TR_a'], subscribe: true });
    expect(fromClient(connection, { case: 'subscription', value: only }, now)).toEqual({
      dropped: 'subscription',
    });
    expect(fromClient(connection, { case: 'subscription', value: only }, undefined).relay).toBeUndefined();
    expect(fromClient(connection, { case: 'subscription', value: only }, view()).relay).toBeDefined();
  });

  test('[GWM15] settings of tracks that the client was not told of are dropped; of the others each track passes once', () => {
    const connection = join(person('anna', [track('TR_a', VIDEO, CAMERA)]));
    const settings = (...trackSids: string[]) =>
      fromClient(connection, { case: 'trackSetting', value: new UpdateTrackSettings({ trackSids, fps: 5 }) });
    expect(settings('TR_x', 'TR_y')).toEqual({ dropped: 'trackSetting' });
    const { relay } = settings('TR_a', 'TR_x', ...Array.from({ length: 1_000 }, () => 'TR_a'));
    expect(relay?.message.value).toMatchObject({ trackSids: ['TR_a'], fps: 5 });
  });

  test('[GWM16] of what a client disables as it comes back only tracks pass that it was told of, each once', () => {
    const connection = join(person('anna', [track('TR_a', VIDEO, CAMERA)]));
    const value = new SyncState({ trackSidsDisabled: ['TR_x', 'TR_a', 'TR_a', 'TR_y'] });
    const { relay } = fromClient(connection, { case: 'syncState', value }, view());
    expect(relay?.message.value).toMatchObject({ trackSidsDisabled: ['TR_a'] });
  });

  test('[GWM16] taking a connection up again hands on no descriptions, and subscriptions as any other', () => {
    const connection = join(person('anna', [track('TR_a', VIDEO, CAMERA)]));
    const value = new SyncState({
      offer: new SessionDescription({ type: 'offer', sdp: sdp(sending('audio', '0', 'x')) }),
      answer: new SessionDescription({ type: 'answer', sdp: '' }),
      subscription: new UpdateSubscription({ trackSids: ['TR_a'], subscribe: true }),
      publishTracks: [{ cid: 'x', track: track(SID, AUDIO, CAMERA) }] as never,
    });
    const hidden = fromClient(connection, { case: 'syncState', value }, view(undefined, [], ['anna'])).relay
      ?.message;
    const state = hidden?.case === 'syncState' ? hidden.value : undefined;
    expect([state?.offer, state?.answer, state?.subscription]).toEqual([undefined, undefined, undefined]);
    expect(state?.publishTracks[0]?.track).toEqual(track(SID, 0 as never, 0 as never));
    const shown = fromClient(connection, { case: 'syncState', value }, view()).relay?.message;
    expect(shown?.value).toMatchObject({ subscription: { trackSids: ['TR_a'] } });
  });

  test('[GWM17] descriptions say what their message says, an answer sends no media, candidates have a length', () => {
    const description = (type: string, ...sections: string[]) =>
      new SessionDescription({ type, sdp: sdp(...sections) });
    const judged = (name: 'offer' | 'answer', value: SessionDescription) =>
      fromClient(join(), { case: name, value }, view());
    expect(judged('offer', description('answer', receiving('audio', '0'))).close?.reason).toMatch(
      /another type/,
    );
    expect(judged('answer', description('offer', receiving('audio', '0'))).close?.reason).toMatch(
      /another type/,
    );
    expect(judged('answer', description('answer', sending('audio', '0', 'x'))).close?.reason).toMatch(
      /sends media/,
    );
    expect(judged('answer', description('answer', receiving('audio', '0'))).relay).toBeDefined();
    const tracks = Array.from({ length: MAX_SENDING + 1 }, (_, n) => sending('audio', `${n}`, 'x'));
    expect(judged('offer', description('offer', ...tracks)).close?.reason).toMatch(/too many sending/);
    const most = description('offer', ...tracks.slice(1));
    expect(judged('offer', most).close?.reason, 'enough room, no declaration').toMatch(/declaration/);
    const offered = description('offer', receiving('audio', '0'));
    offered.midToTrackId = { 0: 'TR_other' };
    expect(judged('offer', offered).relay?.message.value).toMatchObject({ midToTrackId: {} });
    const trickle = (length: number) =>
      fromClient(join(), { case: 'trickle', value: { candidateInit: 'x'.repeat(length) } as never });
    expect([trickle(4097).dropped, trickle(4096).relay?.message.case]).toEqual(['trickle', 'trickle']);
  });
});
