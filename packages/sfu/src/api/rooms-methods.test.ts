import { MuteRoomTrackRequest, ParticipantInfo_Kind, ParticipantPermission } from '@livekit/protocol';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { testCounts, testSeed } from '../../../../scripts/test-counts.ts';
import { NotFound, RoomRefusal } from '../rooms/room-control.ts';
import type { AccessClaims } from './access-token.ts';
import { ROOM_METHODS } from './rooms-methods.ts';
import { testRooms } from './test-room-control.ts';
import { TwirpError } from './twirp-error.ts';

const EVERYTHING: AccessClaims = {
  ...{ identity: 'api', name: '', metadata: '', attributes: {}, kind: ParticipantInfo_Kind.STANDARD },
  ...{ room: 'a', roomJoin: false, roomAdmin: true, roomCreate: true, roomList: true, expiresAt: 0 },
  permission: new ParticipantPermission(),
};
const REQUEST = new MuteRoomTrackRequest({ room: 'a', identity: 'sara', trackSid: 'TR_voice', muted: true });
const SEED = REQUEST.toBinary();

/** Bytes at random, a request with some of its bytes changed, JSON of any kind. */
const body = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc.array(fc.tuple(fc.nat(SEED.length - 1), fc.nat(255)), { maxLength: 3 }).map((changes) => {
    const bytes = Uint8Array.from(SEED);
    for (const [at, value] of changes) bytes[at] = value;
    return bytes;
  }),
  fc.json({ maxDepth: 2 }).map((text) => Buffer.from(text)),
  fc.json({ maxDepth: 2 }).map((text) => Buffer.from(`{"room":"a","identity":"sara","attributes":${text}}`)),
);
const KNOWN = [TwirpError, NotFound, RoomRefusal];

describe('bodies at random', { timeout: 60 * 60_000 }, () => {
  test('[SFW20] no body makes a method throw anything but an error of twirp, or what rooms refuse', () => {
    const call = fc.tuple(
      fc.constantFrom(...ROOM_METHODS.values()),
      body,
      fc.constantFrom('json', 'protobuf'),
    );
    fc.assert(
      fc.property(call, ([method, bytes, format]) => {
        const control = testRooms();
        control.createRoom({ name: 'a', metadata: '', emptyTimeoutS: 0, maxParticipants: 0 });
        control.put('a', 'sara', 'TR_voice');
        try {
          method({ control, claims: EVERYTHING, format, body: Buffer.from(bytes) });
        } catch (error) {
          if (!KNOWN.some((kind) => error instanceof kind)) throw error;
        }
      }),
      { numRuns: testCounts().sfuFrames, seed: testSeed() },
    );
  });
});
