import {
  AddTrackRequest,
  DataPacket,
  JoinRequest,
  SignalRequest,
  SubscriptionPermission,
  SyncState,
  UpdateSubscription,
  UpdateTrackSettings,
} from '@livekit/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { routeData } from '../rooms/data.ts';
import { announce, enter, leave } from '../rooms/enter.ts';
import { DEFAULT_LIMITS } from '../rooms/limits.ts';
import { Rooms } from '../rooms/rooms.ts';
import type { Participant } from '../rooms/state.ts';
import { readJoin } from './join-parameters.ts';
import { handleRequest } from './requests.ts';
import { Session } from './session.ts';
import { fakeMedia, fakeTransports } from './test-fakes.ts';
import { testSdp } from './test-sdp.ts';
import { joinQuery, readToken, testToken } from './test-sfu.ts';

const run = { numRuns: testCounts().sfuFrames, seed: testSeed() };
const quiet = { now: () => 0, monotonic: () => 0, count: () => undefined, note: () => undefined };

/** A room with two people, whose connections tell nobody. */
function openRoom() {
  const rooms = new Rooms({
    ...{ now: () => 0, limits: DEFAULT_LIMITS, emptyTimeoutS: 300, departureTimeoutS: 20 },
    refreshToken: () => undefined,
  });
  const room = rooms.open('room');
  const createPeer = fakeMedia([]);
  const come = (identity: string): Session => {
    const media = createPeer({ onFlood: () => undefined });
    const grants = readToken(testToken(identity));
    const more = { autoSubscribe: true, clientProtocol: 0, nowMs: 0, media };
    const participant = enter(room, { grants, ...more });
    const kind = { isSingle: identity === 'sara', isSubscriberPrimary: false };
    const session = new Session(participant, kind, { ...quiet, transports: fakeTransports() });
    participant.connection = session;
    announce(participant);
    return session;
  };
  return { room, sara: come('sara'), bob: come('bob') };
}

const sid = fc.constantFrom('', 'TR_none', 'PA_none');
const texts = fc.array(fc.oneof(sid, fc.string({ maxLength: 20 })), { maxLength: 5 });
const message: fc.Arbitrary<SignalRequest['message']> = fc.oneof(
  fc.record({ type: fc.nat(3), source: fc.nat(6), cid: fc.string({ maxLength: 3 }), sid }).map((value) => ({
    case: 'addTrack' as const,
    value: new AddTrackRequest(value),
  })),
  fc.record({ trackSids: texts, subscribe: fc.boolean() }).map((value) => ({
    case: 'subscription' as const,
    value: new UpdateSubscription(value),
  })),
  fc
    .record({ trackSids: texts, quality: fc.nat(5), width: fc.nat(4_000), height: fc.nat(4_000) })
    .map((value) => ({
      case: 'trackSetting' as const,
      value: new UpdateTrackSettings(value),
    })),
  texts.map((trackSids) => ({
    case: 'subscriptionPermission' as const,
    value: new SubscriptionPermission({ trackPermissions: [{ participantIdentity: 'bob', trackSids }] }),
  })),
  texts.map((trackSidsDisabled) => ({
    case: 'syncState' as const,
    value: new SyncState({ trackSidsDisabled }),
  })),
);

/** Bytes of messages, some of them broken. */
const frames = fc
  .tuple(message, fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 4 }))
  .map(([one, breaks]) => {
    const bytes = new SignalRequest({ message: one }).toBinary();
    for (const [at, value] of breaks) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });

const decoded = (bytes: Uint8Array): SignalRequest['message'] | undefined => {
  try {
    return SignalRequest.fromBinary(bytes).message;
  } catch {
    return undefined;
  }
};
const held = ({ tracks, choices, wanted }: Participant): number => tracks.size + choices.size + wanted.size;

describe('whatever a client sends', () => {
  test('[SFR74] requests in any order throw nothing, and what is kept of a client is bounded', () => {
    const room = openRoom();
    fc.assert(
      fc.property(frames, fc.boolean(), (bytes, isSara) => {
        const session = isSara ? room.sara : room.bob;
        const request = decoded(bytes);
        if (request) handleRequest(session, request, () => 0);
        expect(held(session.participant)).toBeLessThanOrEqual(
          DEFAULT_LIMITS.tracks + DEFAULT_LIMITS.choices + 32,
        );
      }),
      run,
    );
    for (const { participant } of [room.sara, room.bob]) leave(participant, 1, 0);
    expect(room.room.participants.size).toBe(0);
  });

  test('[SFR74] join requests throw nothing', () => {
    const sdp = testSdp([{ mid: '0', kind: 'application' }]);
    const whole = joinQuery({ publisherOffer: { type: 'offer', sdp } }).join_request;
    const broken = fc
      .tuple(fc.nat(whole.length - 1), fc.string({ maxLength: 3 }))
      .map(([at, text]) => whole.slice(0, at) + text + whole.slice(at + text.length));
    const raw = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    fc.assert(
      fc.property(fc.oneof(broken, raw, fc.string()), (text) => {
        const read = readJoin('/rtc/v1', new URLSearchParams({ join_request: text }));
        expect('refusal' in read || read.request instanceof JoinRequest).toBe(true);
      }),
      run,
    );
  });

  test('[SFR74] packets of data throw nothing', () => {
    const { sara } = openRoom();
    const whole = new DataPacket({
      destinationIdentities: ['bob'],
      value: { case: 'user', value: {} },
    }).toBinary();
    const broken = fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, value]) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 60 })), (bytes) => {
        expect([undefined, 'not forwarded']).toContain(routeData(sara.participant, '_lossy', bytes));
      }),
      run,
    );
  });
});
