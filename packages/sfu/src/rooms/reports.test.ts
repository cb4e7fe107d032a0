import { DisconnectReason, ParticipantPermission } from '@livekit/protocol';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventually } from '../signalling/test-client.ts';
import { MICROPHONE, ready, SLOTS } from '../signalling/test-ready.ts';
import { EVERYTHING, startTestSfu, type TestSfu } from '../signalling/test-sfu.ts';

let world: TestSfu;
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setInterval'] });
  world = await startTestSfu();
});
afterEach(async () => {
  await world.stop();
  vi.useRealTimers();
});

const names = (): string[] => world.events.map(({ event }) => event);

test('[SFR40] what happens is reported in order, filled as LiveKit fills it', async () => {
  const sara = await world.enter('sara');
  expect(names()).toEqual(['room_started']);
  await sara.offer(SLOTS, 1);
  sara.transport().handlers.onOpen();
  const bob = await ready(world, 'bob');
  const sid = await bob.publish(MICROPHONE);
  world.sfu.roomControl.mutePublishedTrack('room', 'bob', sid, true);
  const permission = new ParticipantPermission({ ...EVERYTHING, canPublishData: false });
  world.sfu.roomControl.updateParticipant('room', 'bob', { permission });
  world.sfu.roomControl.removeParticipant('room', 'bob');
  world.sfu.roomControl.deleteRoom('room');
  expect(names()).toEqual([
    ...['room_started', 'participant_joined', 'participant_joined', 'track_published'],
    ...['track_unpublished', 'participant_left', 'participant_left', 'room_finished'],
  ]);
  const [started, joined, , published, , left] = world.events;
  expect(started?.room).toMatchObject({ name: 'room', emptyTimeout: 300 });
  expect(joined?.participant).toMatchObject({ identity: 'sara', state: 2 });
  expect(published?.toJson()).toMatchObject({
    room: { sid: joined?.room?.sid, name: 'room' },
    participant: { sid: bob.sid(), identity: 'bob' },
    track: { sid, mimeType: 'audio/opus' },
  });
  expect(published?.participant?.permission).toBeUndefined();
  expect(left?.participant?.disconnectReason).toBe(DisconnectReason.PARTICIPANT_REMOVED);
  expect(new Set(world.events.map(({ id }) => id)).size).toBe(8);
  expect(world.events.every(({ createdAt }) => createdAt === 1_800_000_000n)).toBe(true);
});

test('[SFR40] who never was connected is reported as aborted alone', async () => {
  const ghost = await world.enter('ghost');
  await ghost.until('join');
  ghost.drop();
  await eventually(() => expect(names()).toEqual(['room_started', 'participant_connection_aborted']));
});

test('[SFR41] a room ends after its empty time, or after its departure time', async () => {
  const { roomControl } = world.sfu;
  const times = { metadata: '', emptyTimeoutS: 60, maxParticipants: 0, departureTimeoutS: 10 };
  roomControl.createRoom({ name: 'never', ...times });
  roomControl.createRoom({ name: 'room', ...times });
  const sara = await world.enter('sara');
  const after = (seconds: number): string[] => {
    world.nowMs += seconds * 1000;
    vi.advanceTimersByTime(1_000);
    return roomControl.listRooms([]).map(({ name }) => name);
  };
  expect(after(59)).toEqual(['never', 'room']);
  expect(after(2)).toEqual(['room']);
  expect(after(600)).toEqual(['room']);
  sara.send({ case: 'leave', value: {} as never });
  await sara.closed;
  expect(after(9)).toEqual(['room']);
  expect(after(2)).toEqual([]);
  expect(names().filter((name) => name === 'room_finished')).toHaveLength(2);
});

test('[SFR53] who speaks is told every 300 ms where it changed', async () => {
  const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
  const look = async (): Promise<unknown[]> => {
    const before = bob.all('speakersChanged').length;
    vi.advanceTimersByTime(300);
    await bob.settled();
    return bob
      .all('speakersChanged')
      .slice(before)
      .map(({ speakers }) => speakers.map((one) => ({ ...one })));
  };
  sara.media.level = 36;
  expect(await look()).toEqual([]);
  sara.media.level = 10;
  expect(await look()).toMatchObject([[{ sid: sara.sid(), level: 0.375, active: true }]]);
  expect(await look()).toEqual([]);
  sara.media.level = undefined;
  expect(await look()).toMatchObject([[{ sid: sara.sid(), level: 0, active: false }]]);
  const ghost = await ready(world, 'ghost', { permission: { hidden: true } });
  ghost.media.level = 0;
  expect(await look()).toEqual([]);
});

test('[SFR54] how connections are is told every 5 s where it changed', async () => {
  const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
  const look = async (): Promise<unknown[]> => {
    const before = bob.all('connectionQuality').length;
    vi.advanceTimersByTime(5_000);
    await bob.settled();
    return bob
      .all('connectionQuality')
      .slice(before)
      .map(({ updates }) => updates.map(({ quality }) => quality));
  };
  expect(await look()).toEqual([[2, 2]]);
  expect(await look()).toEqual([]);
  sara.media.loss = 0.05;
  expect(await look()).toEqual([[2, 1]]);
  sara.media.loss = 0.2;
  expect(await look()).toEqual([[2, 0]]);
});
