import {
  MuteTrackRequest,
  ParticipantInfo_State,
  type SignalRequest,
  SignalResponse,
  UpdateSubscription,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { openConnection, rehide } from './connection.ts';
import { judgeRequest, readRequest } from './from-client.ts';
import { encodeResponse } from './signal-codec.ts';
import {
  AUDIO,
  CAMERA,
  cases,
  fromClient,
  MICROPHONE,
  person,
  SCREEN_SHARE,
  toClient,
  track,
  VIDEO,
  view,
} from './test-messages.ts';
import { judgeResponse } from './to-client.ts';
import type { ServerVerdict } from './verdict.ts';

const anna = person('anna', [track('TR_a', VIDEO, CAMERA)]);
const ben = person('ben', [track('TR_b', VIDEO, CAMERA)]);

const join = (hidden: readonly string[] | null, others = [anna, ben], automatic = true) => {
  const connection = openConnection(automatic, view(undefined, [], hidden));
  const value = { participant: person('me'), otherParticipants: others, alternativeUrl: 'wss://x' } as never;
  return { connection, joined: toClient(connection, { case: 'join', value }) };
};
const update = (connection: ReturnType<typeof join>['connection'], ...participants: readonly object[]) =>
  toClient(connection, { case: 'update', value: { participants } as never });

/** The people that a verdict tells the client of, with their states. */
const people = ({ relay, also = [] }: ServerVerdict): string[] =>
  [...(relay ? [relay] : []), ...also].flatMap(({ message }) => {
    const infos = message.case === 'join' ? message.value.otherParticipants : [];
    const updated = message.case === 'update' ? message.value.participants : infos;
    return updated.map(({ identity, state }) => `${identity} ${ParticipantInfo_State[state]}`);
  });

/** The tracks that a verdict subscribes to (`+`) and unsubscribes from (`-`). */
const asked = ({ upstream = [] }: { upstream?: readonly SignalRequest[] }): string[] =>
  upstream.flatMap(({ message }) =>
    message.case === 'subscription'
      ? message.value.participantTracks.flatMap(({ trackSids }) =>
          trackSids.map((sid) => `${message.value.subscribe ? '+' : '-'}${sid}`),
        )
      : [],
  );

describe('messages of a media server', () => {
  test('[GWM18] hidden people are in neither the join answer nor an update', () => {
    const { connection, joined } = join(['anna']);
    expect(people(joined)).toEqual(['ben ACTIVE']);
    expect(people(update(connection, anna, ben))).toEqual(['ben ACTIVE']);
    expect(update(connection, anna).dropped).toBe('update');
    expect(people(update(connection, person('anna', [], ParticipantInfo_State.DISCONNECTED)))).toEqual([]);
    expect(people(join([]).joined)).toEqual(['anna ACTIVE', 'ben ACTIVE']);
  });

  test('[GWM30] what everybody is told is read and written once, and hidden people are left out all the same', () => {
    const crowd = Array.from({ length: 20 }, (_, at) => person(`crowd-${at}`));
    const told = new SignalResponse({
      message: { case: 'update', value: { participants: [...crowd, anna, ben] } as never },
    }).toBinary();
    const tokens = { refreshToken: () => undefined };
    const hear = (hidden: readonly string[]) => judgeResponse(join(hidden).connection, told.slice(), tokens);
    const [open, hiding, again] = [hear([]), hear(['anna']), hear([])];
    const names = (verdict: ServerVerdict) => people(verdict).map((line) => line.split(' ')[0]);
    expect(names(hiding)).toEqual(names(open).filter((name) => name !== 'anna'));
    expect(names(again)).toEqual([...crowd, anna, ben].map(({ identity }) => identity));
    const written = (verdict: ServerVerdict) => verdict.relay && encodeResponse(verdict.relay);
    expect(written(again)).toBe(written(open));
    expect(written(hiding)).not.toEqual(written(open));
    expect(SignalResponse.fromBinary(written(hiding) ?? new Uint8Array())).toEqual(hiding.relay);
  });

  test('[GWM18] what else names people names those whom the client knows', () => {
    const { connection } = join(['anna']);
    const of = (sid: string) => ({ participantSid: sid, trackSid: sid === 'PA_anna' ? 'TR_a' : 'TR_b' });
    const messages = (sid: string) =>
      [
        { case: 'speakersChanged', value: { speakers: [{ sid }] } },
        { case: 'connectionQuality', value: { updates: [of(sid)] } },
        { case: 'streamStateUpdate', value: { streamStates: [of(sid)] } },
        { case: 'subscriptionPermissionUpdate', value: of(sid) },
        { case: 'subscriptionResponse', value: of(sid) },
      ] as never[];
    for (const message of messages('PA_anna')) expect(toClient(connection, message).relay).toBeUndefined();
    for (const message of messages('PA_unknown').slice(0, 4))
      expect(toClient(connection, message).relay).toBeUndefined();
    for (const message of messages('PA_ben')) expect(toClient(connection, message).relay).toBeDefined();
    for (const message of messages('PA_me').slice(0, 3))
      expect(toClient(connection, message).relay).toBeDefined();
  });

  test('[GWM19] no token, region or address of a media server reaches a client', () => {
    const { connection, joined } = join(null);
    expect(joined.relay?.message.value).toMatchObject({ alternativeUrl: '' });
    const leave = toClient(connection, {
      case: 'leave',
      value: { regions: { regions: [{ url: 'x' }] } } as never,
    });
    expect(leave.relay?.message.case === 'leave' && leave.relay.message.value.regions).toBeUndefined();
    expect(toClient(connection, { case: 'refreshToken', value: 'secret' }).relay).toBeUndefined();
    expect(toClient(connection, { case: 'refreshToken', value: 'secret' }, 'ours').relay?.message.value).toBe(
      'ours',
    );
    expect(toClient(connection, { case: 'roomMoved', value: { token: 'secret' } as never })).toEqual({
      dropped: 'roomMoved',
    });
  });

  test('[GWM20] what is not on the list is dropped under its name', () => {
    const { connection } = join(null);
    for (const name of [
      'publishDataTrackResponse',
      'unpublishDataTrackResponse',
      'dataTrackSubscriberHandles',
      'storeDataBlobResponse',
      'getDataBlobResponse',
    ]) {
      expect(toClient(connection, { case: name, value: {} } as never), name).toEqual({ dropped: name });
    }
    expect(toClient(connection, { case: undefined })).toEqual({ dropped: 'unknown' });
    for (const name of [
      'answer',
      'offer',
      'trickle',
      'pongResp',
      'reconnect',
      'roomUpdate',
      'mediaSectionsRequirement',
      'requestResponse',
      'trackUnpublished',
      'trackSubscribed',
      'subscribedQualityUpdate',
    ]) {
      expect(toClient(connection, { case: name, value: {} } as never).relay?.message.case, name).toBe(name);
    }
  });

  test('[GWM21] where anybody is hidden the gateway subscribes: to each track once, not to those of hidden people', () => {
    const { connection, joined } = join(['anna']);
    expect(asked(joined)).toEqual(['+TR_b']);
    expect(asked(update(connection, ben, anna))).toEqual([]);
    const more = person('ben', [track('TR_b', VIDEO, CAMERA), track('TR_c', VIDEO, SCREEN_SHARE)]);
    expect(asked(update(connection, more))).toEqual(['+TR_c']);
    expect(asked(join(null).joined), 'nobody hidden: LiveKit does').toEqual([]);
  });

  test('[GWM21] it does not where the client asked for none, or unsubscribed by itself', () => {
    expect(asked(join([], undefined, false).joined)).toEqual([]);
    const { connection, joined } = join([], [ben]);
    expect(asked(joined)).toEqual(['+TR_b']);
    const value = new UpdateSubscription({ trackSids: ['TR_b'], subscribe: false });
    fromClient(connection, { case: 'subscription', value }, view(undefined, [], []));
    rehide(connection, view(undefined, [], ['ben']));
    expect(asked(rehide(connection, view(undefined, [], [])))).toEqual([]);
  });

  test('[GWM22] somebody who becomes hidden is unsubscribed and told once as gone; who is hidden no more is told and subscribed', () => {
    const { connection } = join([]);
    const hidden = rehide(connection, view(undefined, [], ['anna']));
    expect([people(hidden), asked(hidden)]).toEqual([['anna DISCONNECTED'], ['-TR_a']]);
    const again = rehide(connection, view(undefined, [], ['anna']));
    expect([people(again), asked(again)]).toEqual([[], []]);
    expect(people(update(connection, anna))).toEqual([]);
    const back = rehide(connection, view(undefined, [], []));
    expect([people(back), asked(back)]).toEqual([['anna ACTIVE'], ['+TR_a']]);
  });

  test('[GWM22] where the media server subscribes by itself the client connects anew', () => {
    const { connection } = join(null);
    expect(rehide(connection, view(undefined, [], [])).close).toEqual({
      reason: 'hiding began',
      mayReconnect: true,
    });
    expect(rehide(connection, view()).close).toBeUndefined();
  });

  test('[GWM23] an own track that carries another kind than it says ends the connection', () => {
    const wrong = [
      track('TR_1', VIDEO, CAMERA, { mimeType: 'audio/opus' }),
      track('TR_1', AUDIO, MICROPHONE, {
        mimeType: 'audio/red',
        codecs: [{ mimeType: 'video/VP8' }] as never,
      }),
      track('TR_1', AUDIO, CAMERA),
    ];
    for (const info of wrong) {
      expect(update(join(null).connection, person('me', [info])).close?.mayReconnect).toBe(false);
      const published = { case: 'trackPublished', value: { cid: 'x', track: info } } as never;
      expect(toClient(join(null).connection, published).close).toBeDefined();
    }
    const right = track('TR_1', AUDIO, MICROPHONE, {
      mimeType: 'audio/red',
      codecs: [{ mimeType: 'audio/red' }] as never,
    });
    expect(update(join(null).connection, person('me', [right])).relay).toBeDefined();
  });

  test("[GWM24] the server's mute goes back to it after whatever was under way, and it unmutes nobody", () => {
    const { connection } = join(null);
    const sent = (muted: boolean) =>
      toClient(connection, { case: 'mute', value: new MuteTrackRequest({ sid: 'TR_1', muted }) });
    expect(sent(false)).toEqual({ dropped: 'mute' });
    expect(sent(true).upstream?.[0]?.message).toMatchObject({
      case: 'mute',
      value: { sid: 'TR_1', muted: true },
    });
    expect(sent(true).relay?.message.case).toBe('mute');
  });

  test('[GWM25] random bytes and messages with random fields are judged, in both directions, and never throw', () => {
    const { connection } = join([]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      // A length-delimited field of the message's oneof with random content.
      fc
        .tuple(fc.integer({ min: 1, max: 30 }), fc.uint8Array({ maxLength: 100 }))
        .map(([field, value]) => new Uint8Array([...tag(field), value.length, ...value])),
    );
    fc.assert(
      fc.property(bytes, (frame) => {
        const read = readRequest(connection, frame);
        const verdict = 'close' in read ? read : judgeRequest(connection, read, view());
        expect(Object.keys(verdict).length).toBeGreaterThan(0);
        if ('relay' in verdict) verdict.relay?.toBinary();
        const answer = judgeResponse(connection, frame, { refreshToken: () => undefined });
        if (answer.relay)
          expect(cases([SignalResponse.fromBinary(answer.relay.toBinary())])).not.toContain('unknown');
      }),
      { seed: testSeed(), numRuns: testCounts().gatewayFrames },
    );
  });
});

const tag = (field: number): number[] => {
  const key = field * 8 + 2;
  return key < 128 ? [key] : [(key & 127) | 128, key >> 7];
};
