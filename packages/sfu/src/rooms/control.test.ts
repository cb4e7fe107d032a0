import {
  DataPacket,
  DataPacket_Kind,
  DisconnectReason,
  LeaveRequest_Action,
  ParticipantInfo_State,
  ParticipantPermission,
  RequestResponse_Reason,
  TrackSource,
  UpdateParticipantMetadata,
} from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CAMERA, eventually, type TestClient } from '../signalling/test-client.ts';
import { MICROPHONE, ready } from '../signalling/test-ready.ts';
import { EVERYTHING, startTestSfu, type TestSfu } from '../signalling/test-sfu.ts';
import { NotFound, type RoomControl, RoomRefusal } from './room-control.ts';

let world: TestSfu;
let control: RoomControl;
beforeEach(async () => {
  world = await startTestSfu({ limits: { rooms: 3 } });
  control = world.sfu.roomControl;
});
afterEach(() => world.stop());

const create = (name: string, more = {}) =>
  control.createRoom({ name, metadata: '', emptyTimeoutS: 0, maxParticipants: 0, ...more });
const code = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof RoomRefusal) return error.code;
    if (error instanceof NotFound) return 'not_found';
    throw error;
  }
  return 'done';
};
const updates = (client: TestClient) => client.all('update').flatMap(({ participants }) => participants);

describe('rooms', () => {
  test('[SFR30] names, metadata and their number have bounds', () => {
    expect(code(() => create(''))).toBe('invalid_argument');
    expect(code(() => create('x'.repeat(257)))).toBe('invalid_argument');
    expect(code(() => create('room', { metadata: 'x'.repeat(64_001) }))).toBe('invalid_argument');
    expect(control.listRooms([])).toEqual([]);
    for (const name of ['a', 'b', 'c']) create(name);
    expect(code(() => create('d'))).toBe('resource_exhausted');
  });

  test('[SFR30] a room has its own times or the server’s; made again it takes what is named', () => {
    expect(create('a')).toMatchObject({
      name: 'a',
      emptyTimeout: 300,
      departureTimeout: 20,
      maxParticipants: 0,
    });
    const wish = { metadata: 'm', emptyTimeoutS: 60, maxParticipants: 9, departureTimeoutS: 5 };
    const made = create('b', wish);
    expect(made).toMatchObject({ metadata: 'm', emptyTimeout: 60, departureTimeout: 5, maxParticipants: 9 });
    expect(create('b', { maxParticipants: 10 })).toMatchObject({
      sid: made.sid,
      metadata: 'm',
      maxParticipants: 10,
    });
    expect(control.listRooms(['b', 'none']).map(({ sid }) => sid)).toEqual([made.sid]);
    expect(control.listRooms([])).toHaveLength(2);
  });

  test('[SFR31] what is not there is not found', async () => {
    expect(control.listParticipants('room')).toEqual([]);
    await world.enter('sara');
    for (const act of [
      () => control.deleteRoom('none'),
      () => control.updateRoomMetadata('none', ''),
      () => control.getParticipant('none', 'sara'),
      () => control.getParticipant('room', 'bob'),
      () => control.removeParticipant('room', 'bob'),
      () => control.updateParticipant('room', 'bob', {}),
      () => control.updateSubscriptions('room', 'bob', [], true),
      () => control.mutePublishedTrack('room', 'sara', 'TR_none', true),
      () => control.sendData('none', new DataPacket(), []),
    ]) {
      expect(code(act)).toBe('not_found');
    }
  });

  test('[SFR32] a removal closes media before it returns, and says why', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    await bob.receives(await sara.publish(MICROPHONE));
    control.removeParticipant('room', 'sara');
    expect([sara.transport().isClosed, sara.media.isClosed, bob.media.sending.size]).toEqual([true, true, 0]);
    expect(await sara.until('leave')).toMatchObject({
      ...{ reason: DisconnectReason.PARTICIPANT_REMOVED, action: LeaveRequest_Action.DISCONNECT },
    });
    const reason = { state: ParticipantInfo_State.DISCONNECTED, disconnectReason: 4 };
    await eventually(() => expect(updates(bob).at(-1)).toMatchObject({ identity: 'sara', ...reason }));
    expect(code(() => control.removeParticipant('room', 'sara'))).toBe('not_found');
    expect(await sara.closed).toBe(1000);
  });

  test('[SFR32] a deletion sends everybody away', async () => {
    const all = [await ready(world, 'bob'), await ready(world, 'sara')];
    control.deleteRoom('room');
    for (const client of all) {
      expect(client.transport().isClosed).toBe(true);
      expect((await client.until('leave')).reason).toBe(DisconnectReason.ROOM_DELETED);
    }
    expect(control.listRooms([])).toEqual([]);
  });

  test('[SFR37] a room’s metadata is told', async () => {
    const sara = await world.enter('sara');
    control.updateRoomMetadata('room', 'new');
    expect((await sara.until('roomUpdate')).room?.metadata).toBe('new');
    expect(code(() => control.updateRoomMetadata('room', 'x'.repeat(64_001)))).toBe('invalid_argument');
  });
});

describe('participants', () => {
  const permit = (permission: ConstructorParameters<typeof ParticipantPermission>[0]) =>
    control.updateParticipant('room', 'sara', { permission: new ParticipantPermission(permission) });

  test('[SFR33] tracks of sources that are allowed no more are gone when it returns, others go on', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const voice = await sara.publish(MICROPHONE);
    await bob.receives(voice);
    const face = await sara.publish({ ...CAMERA, cid: 'face', kind: 'video' });
    await bob.receives(face);
    const held = permit({ ...EVERYTHING, canPublishSources: [TrackSource.CAMERA] });
    expect([...sara.media.receiving.keys()]).toEqual([face]);
    expect([...bob.media.sending.keys()]).toEqual([face]);
    expect(held.tracks.map(({ sid }) => sid)).toEqual([face]);
    expect((await sara.until('trackUnpublished')).trackSid).toBe(voice);
    await eventually(() => expect(updates(bob).at(-1)?.tracks).toHaveLength(1));
    sara.send({ case: 'addTrack', value: { ...MICROPHONE, cid: 'again' } as never });
    await sara.until('requestResponse', ({ reason }) => reason === RequestResponse_Reason.NOT_ALLOWED);
  });

  test('[SFR33] also a track that was only declared is gone', async () => {
    const sara = await ready(world, 'sara');
    sara.send({ case: 'addTrack', value: { ...MICROPHONE, cid: 'declared' } as never });
    const { track } = await sara.until('trackPublished');
    permit({ ...EVERYTHING, canPublish: false });
    expect((await sara.until('trackUnpublished')).trackSid).toBe(track?.sid);
  });

  test('[SFR33] who may not subscribe any more is sent nothing when it returns; then again', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await bob.publish(MICROPHONE);
    await sara.receives(sid);
    permit({ canPublish: true });
    expect(sara.media.sending.size).toBe(0);
    const told = await sara.until(
      'update',
      ({ participants: [one] }) => one?.permission?.canSubscribe === false,
    );
    expect(told.participants[0]?.permission).toMatchObject({ canPublishData: false, canPublish: true });
    permit(EVERYTHING);
    await sara.receives(sid);
  });

  test('[SFR34] a mute binds when it returns, and is told; an unmute is refused', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish(MICROPHONE);
    expect(control.mutePublishedTrack('room', 'sara', sid, true)).toMatchObject({ sid, muted: true });
    expect(sara.media.muted.get(sid)).toBe(true);
    expect(await sara.until('mute')).toMatchObject({ sid, muted: true });
    await bob.until('update', ({ participants: [one] }) => one?.tracks[0]?.muted === true);
    expect(code(() => control.mutePublishedTrack('room', 'sara', sid, false))).toBe('failed_precondition');
    expect(sara.media.muted.get(sid)).toBe(true);
  });

  test('[SFR35] name, metadata and attributes change for everybody, within their bounds', async () => {
    const [bob] = [await ready(world, 'bob'), await ready(world, 'sara', { attributes: { a: '1', b: '2' } })];
    const change = { name: 'Sara', metadata: 'm', attributes: { a: '', c: '3' } };
    const now = { name: 'Sara', metadata: 'm', attributes: { b: '2', c: '3' } };
    expect(control.updateParticipant('room', 'sara', change)).toMatchObject(now);
    await bob.until('update', ({ participants: [one] }) => one?.metadata === 'm');
    for (const wrong of [
      { name: 'x'.repeat(257) },
      { metadata: 'x'.repeat(64_001) },
      { attributes: { long: 'x'.repeat(64_000) } },
    ]) {
      const all = { metadata: 'other', ...wrong };
      expect(code(() => control.updateParticipant('room', 'sara', all))).toBe('invalid_argument');
    }
    expect(control.getParticipant('room', 'sara')).toMatchObject(now);
  });

  test('[SFR35] a client changes its own where it may, and is answered either way', async () => {
    const value = new UpdateParticipantMetadata({ name: 'Admin', metadata: 'mine', requestId: 7 });
    const { NOT_ALLOWED, OK, LIMIT_EXCEEDED } = RequestResponse_Reason;
    const sara = await ready(world, 'sara');
    sara.send({ case: 'updateMetadata', value });
    expect(await sara.until('requestResponse')).toMatchObject({ requestId: 7, reason: NOT_ALLOWED });
    expect(control.getParticipant('room', 'sara')).toMatchObject({ name: '', metadata: '' });
    const bob = await ready(world, 'bob', { permission: { canUpdateMetadata: true } });
    bob.send({ case: 'updateMetadata', value });
    expect(await bob.until('requestResponse')).toMatchObject({ requestId: 7, reason: OK });
    expect(control.getParticipant('room', 'bob')).toMatchObject({ name: 'Admin', metadata: 'mine' });
    const long = new UpdateParticipantMetadata({ metadata: 'x'.repeat(64_001), requestId: 8 });
    bob.send({ case: 'updateMetadata', value: long });
    await bob.until(
      'requestResponse',
      ({ requestId, reason }) => requestId === 8 && reason === LIMIT_EXCEEDED,
    );
  });

  test('[SFR35] what a join request brings of metadata counts where the client may change it', async () => {
    const request = { metadata: 'mine', participantAttributes: { a: 'b' } };
    await (await world.enter('sara', { request })).until('join');
    await (await world.enter('bob', { request, permission: { canUpdateMetadata: true } })).until('join');
    expect(control.getParticipant('room', 'sara')).toMatchObject({ metadata: '', attributes: {} });
    expect(control.getParticipant('room', 'bob')).toMatchObject({ metadata: 'mine', attributes: { a: 'b' } });
  });

  test('[SFR36] subscriptions change as by the client, which may change them back', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await bob.publish(MICROPHONE);
    await sara.receives(sid);
    control.updateSubscriptions('room', 'sara', [sid], false);
    expect(sara.media.sending.size).toBe(0);
    sara.send({
      case: 'subscription',
      value: { trackSids: [sid], subscribe: true, participantTracks: [] } as never,
    });
    await sara.settled();
    await sara.receives(sid);
  });

  test('[SFR38] each change brings a token of what holds then', async () => {
    const sara = await ready(world, 'sara');
    expect(sara.all('refreshToken')).toHaveLength(1);
    permit({ canSubscribe: true });
    await eventually(() => expect(sara.all('refreshToken')).toHaveLength(2));
    expect(sara.all('refreshToken').at(-1)).toBe('fresh sara {"canSubscribe":true}');
  });

  test('[SFR38] and so do five minutes', async () => {
    let ahead = 0;
    await world.stop();
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      const clock = { now: () => world.nowMs, monotonic: () => performance.now() + ahead };
      world = await startTestSfu({ clock });
      const sara = await ready(world, 'sara');
      vi.advanceTimersByTime(5_000);
      await sara.settled();
      expect(sara.all('refreshToken')).toHaveLength(1);
      ahead = 300_000;
      sara.send({ case: 'ping', value: 1n });
      await sara.until('pong');
      vi.advanceTimersByTime(5_000);
      await sara.settled();
      expect(sara.all('refreshToken')).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('[SFR52] data of the API goes to whom it names, or to all', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const packet = new DataPacket({ kind: DataPacket_Kind.LOSSY });
    control.sendData('room', packet, ['sara']);
    expect([bob.transport().data.length, sara.transport().data.length]).toEqual([0, 1]);
    control.sendData('room', new DataPacket({ kind: DataPacket_Kind.RELIABLE }), []);
    expect(bob.transport().data.map(({ label }) => label)).toEqual(['_reliable']);
    expect(sara.transport().data.map(({ label }) => label)).toEqual(['_lossy', '_reliable']);
  });
});
