import {
  DataPacket,
  DisconnectReason,
  LeaveRequest_Action,
  ParticipantInfo_State,
  RequestResponse_Reason,
  SignalTarget,
  SimulateScenario,
  SyncState,
  TrickleRequest,
  UserPacket,
} from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TestClient } from './test-client.ts';
import { eventually } from './test-client.ts';
import { MICROPHONE, ready, SLOTS } from './test-ready.ts';
import { startTestSfu, type TestSfu } from './test-sfu.ts';

let world: TestSfu;
beforeEach(async () => {
  world = await startTestSfu({ limits: { dataPackets: 20 } });
});
afterEach(() => world.stop());

const user = (value: ConstructorParameters<typeof UserPacket>[0], more = {}): DataPacket =>
  new DataPacket({ value: { case: 'user', value: new UserPacket(value) }, ...more });
const give = (client: TestClient, packet: DataPacket | Uint8Array): void =>
  client.transport().handlers.onData('_reliable', packet instanceof Uint8Array ? packet : packet.toBinary());
const got = (client: TestClient): DataPacket[] =>
  client.transport().data.map(({ bytes }) => DataPacket.fromBinary(bytes));

describe('data', () => {
  test('[SFR51] that may not be sent is dropped and counted', async () => {
    const bob = await ready(world, 'bob');
    const mute = await ready(world, 'mute', { permission: { canPublishData: false } });
    const sara = await ready(world, 'sara');
    give(mute, user({ payload: Buffer.from('hello') }));
    give(sara, Buffer.from([0xff, 0xff]));
    give(sara, new Uint8Array(64 * 1024 + 1));
    give(sara, new DataPacket({ value: { case: 'speaker', value: {} as never } }));
    expect(bob.transport().data).toEqual([]);
    expect(Object.fromEntries(world.sfu.counts())).toMatchObject({
      ...{ 'dropped: data not allowed': 1, 'dropped: data too long': 1, 'dropped: data not forwarded': 2 },
    });
    for (let sent = 0; sent < 30; sent++) give(sara, user({}));
    expect(bob.transport().data).toHaveLength(17);
    world.nowMs += 1_000;
    give(sara, user({}));
    expect(bob.transport().data).toHaveLength(18);
  });

  test('[SFR50] goes to everybody else, and says whose it is as we know it', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const ghost = await ready(world, 'ghost', { permission: { hidden: true } });
    const forged = { participantIdentity: 'admin', participantSid: 'PA_admin' };
    give(sara, user({ payload: Buffer.from('hello'), ...forged }, { ...forged, sequence: 3 }));
    expect(got(sara)).toEqual([]);
    const whose = { participantIdentity: 'sara', participantSid: sara.sid() };
    expect(got(bob)).toMatchObject([{ ...whose, sequence: 3, value: { value: whose } }]);
    expect(got(ghost)).toHaveLength(1);
    give(ghost, user({}, forged));
    expect(got(bob)[1]).toMatchObject({ participantIdentity: '', participantSid: '' });
  });

  test('[SFR50] goes to whom it names, in the newer and the older words', async () => {
    const [bob, sara, carl] = [
      await ready(world, 'bob'),
      await ready(world, 'sara'),
      await ready(world, 'carl'),
    ];
    give(sara, user({}, { destinationIdentities: ['bob'] }));
    give(sara, user({ destinationIdentities: ['bob'] }));
    give(sara, user({ destinationSids: [bob.sid()] }));
    give(sara, user({ destinationSids: ['PA_gone'] }));
    expect([got(bob).length, got(carl).length]).toEqual([3, 0]);
  });

  test('[SFR50] reaches a client of two connections on the one on which it receives', async () => {
    const sara = await ready(world, 'sara');
    const bob = await world.enter('bob', { path: '/rtc' });
    await bob.until('offer');
    give(sara, user({}));
    expect(got(bob)).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  test('[SFR60] of signalling alone leaves media; who has none is gone', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const sid = await sara.publish(MICROPHONE);
    await bob.receives(sid);
    sara.drop();
    await sara.closed;
    const guest = await world.enter('guest');
    guest.drop();
    await eventually(() => {
      const list = world.sfu.roomControl.listParticipants('room').map(({ identity }) => identity);
      expect(list).toEqual(['bob', 'sara']);
    });
    expect([sara.transport().isClosed, bob.media.sending.has(sid)]).toEqual([false, true]);
  });

  test('[SFR61] is resumed: reconnect first, everybody as they are, the same transport', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const carl = await ready(world, 'carl');
    const sid = await sara.publish(MICROPHONE);
    const sids = [sara.sid(), carl.sid()];
    sara.drop();
    await sara.closed;
    carl.send({ case: 'leave', value: {} as never });
    await carl.closed;
    const theirs = await bob.publish(MICROPHONE);
    const state = new SyncState({ publishTracks: [{ cid: 'voice', track: { sid } }] });
    const again = await world.enter('sara', {
      request: { reconnect: true, participantSid: sids[0] ?? '', syncState: state },
    });
    await again.until('update');
    expect(again.messages[0]?.message.case).toBe('reconnect');
    const told = again.all('update')[0]?.participants ?? [];
    expect(told.find(({ sid: one }) => one === sids[1])?.state).toBe(ParticipantInfo_State.DISCONNECTED);
    expect(told.find(({ identity }) => identity === 'bob')).toMatchObject({ tracks: [{ sid: theirs }] });
    await again.until('mediaSectionsRequirement');
    const answer = await again.offer(
      [...SLOTS, { mid: 'voice', kind: 'audio', trackId: 'voice' }],
      9,
      'restarted',
    );
    expect(answer.sdp).toContain('a=ice-ufrag:u1');
    expect(sara.transport().isClosed).toBe(false);
    expect(sara.media.sending.has(theirs)).toBe(true);
    expect(world.media).toHaveLength(3);
  });

  test('[SFR61] takes over from a socket that is still open', async () => {
    const sara = await ready(world, 'sara');
    const again = await world.enter('sara', { request: { reconnect: true } });
    await again.until('reconnect');
    await sara.closed;
    expect(sara.all('leave')).toEqual([]);
    expect(sara.transport().isClosed).toBe(false);
  });

  test('[SFR61] with two connections is offered anew', async () => {
    const sara = await world.enter('sara', { path: '/rtc' });
    await sara.until('offer');
    sara.transport().handlers.onOpen();
    sara.drop();
    await sara.closed;
    const query = { reconnect: '1', sid: sara.sid() };
    const again = await world.enter('sara', { path: '/rtc', query });
    expect((await again.until('offer')).id).toBe(2);
    expect(again.messages[0]?.message.case).toBe('reconnect');
    expect(world.transports).toHaveLength(1);
  });

  test('[SFR62] is not resumed by another sid, by the other path, or when nobody is there', async () => {
    const sara = await ready(world, 'sara');
    for (const [identity, entrance] of [
      ['nobody', { request: { reconnect: true, participantSid: 'PA_none' } }],
      ['sara', { request: { reconnect: true, participantSid: 'PA_none' } }],
      ['sara', { path: '/rtc', query: { reconnect: '1', sid: sara.sid() } }],
    ] as const) {
      const again = await world.enter(identity, entrance);
      expect(await again.until('leave')).toMatchObject({
        ...{ reason: DisconnectReason.STATE_MISMATCH, action: LeaveRequest_Action.RECONNECT },
      });
      expect(again.messages).toHaveLength(1);
      await again.closed;
    }
    expect(sara.transport().isClosed).toBe(false);
  });

  test('[SFR62] with a published track that is not there joins anew', async () => {
    const sara = await ready(world, 'sara');
    sara.send({
      case: 'syncState',
      value: new SyncState({ publishTracks: [{ track: { sid: 'TR_gone' } }] }),
    });
    expect((await sara.until('leave')).action).toBe(LeaveRequest_Action.RECONNECT);
  });

  test('[SFR63] of a transport makes the client join anew, or is its end without signalling', async () => {
    const [bob, sara] = [await ready(world, 'bob'), await ready(world, 'sara')];
    const carl = await ready(world, 'carl');
    sara.transport().handlers.onClosed();
    expect((await sara.until('leave')).action).toBe(LeaveRequest_Action.RECONNECT);
    bob.drop();
    await bob.closed;
    // By then the server has seen it, too.
    for (let turns = 0; turns < 3; turns++) await carl.settled();
    bob.transport().handlers.onClosed();
    expect(world.sfu.roomControl.listParticipants('room').map(({ identity }) => identity)).toEqual(['carl']);
    const [left] = world.events.filter(({ participant }) => participant?.identity === 'bob').slice(-1);
    expect(left?.participant?.disconnectReason).toBe(DisconnectReason.CONNECTION_TIMEOUT);
  });

  test('[SFM39] where a client can be reached goes to the transport that it is of, if it is one candidate of its first m-line', async () => {
    const sara = await ready(world, 'sara');
    const say = (candidateInit: string, target = SignalTarget.PUBLISHER) =>
      sara.send({ case: 'trickle', value: new TrickleRequest({ candidateInit, target }) });
    const candidate = 'candidate:1 1 UDP 1 127.0.0.1 5000 typ host';
    for (const text of ['', 'null', '[]', '{', '{"sdpMLineIndex":0}', '{"sdpMLineIndex":0,"candidate":1}'])
      say(text);
    say(JSON.stringify({ candidate, sdpMLineIndex: 1 }));
    say(JSON.stringify({ candidate: candidate.padEnd(1_024), sdpMLineIndex: 0 }));
    say(JSON.stringify({ candidate, sdpMLineIndex: 0 }), SignalTarget.SUBSCRIBER);
    await sara.settled();
    expect(sara.transport().heard).toEqual([]);
    say(JSON.stringify({ candidate, sdpMLineIndex: 0 }));
    await sara.settled();
    expect(sara.transport().heard).toEqual([candidate]);
  });

  test('[SFR64] by the client’s own leave is an end at once', async () => {
    const sara = await ready(world, 'sara');
    sara.send({ case: 'leave', value: {} as never });
    await sara.closed;
    expect(sara.transport().isClosed).toBe(true);
    expect(sara.all('leave')).toEqual([]);
  });

  test('[SFR64] can be tried by simulate', async () => {
    for (const [scenario, told] of [
      ['serverLeave', { reason: DisconnectReason.SERVER_SHUTDOWN, action: LeaveRequest_Action.DISCONNECT }],
      ['leaveRequestFullReconnect', { action: LeaveRequest_Action.RECONNECT }],
    ] as const) {
      const sara = await ready(world, 'sara');
      const value = new SimulateScenario({ scenario: { case: scenario, value: true } });
      sara.send({ case: 'simulate', value });
      expect(await sara.until('leave')).toMatchObject(told);
    }
  });

  test('[SFR65] at the server’s end is told to everybody', async () => {
    const all = [await ready(world, 'bob'), await ready(world, 'sara')];
    world.sfu.close();
    for (const client of all) {
      expect((await client.until('leave')).reason).toBe(DisconnectReason.SERVER_SHUTDOWN);
      expect(client.transport().isClosed).toBe(true);
    }
  });
});

describe('bounds', () => {
  test.each([
    ['text', 'hello'],
    ['no message', Uint8Array.of(0xff, 0xff, 0xff)],
  ])('[SFR70] a frame of %s ends the client', async (_what, bytes) => {
    const sara = await ready(world, 'sara');
    sara.sendRaw(bytes);
    await sara.until('leave');
    await sara.closed;
    expect(world.sfu.roomControl.listParticipants('room')).toEqual([]);
  });

  test('[SFR70] a frame that is too long ends the socket', async () => {
    const sara = await world.enter('sara');
    await sara.until('join');
    sara.sendRaw(new Uint8Array(512 * 1024 + 1));
    expect(await sara.closed).toBe(1009);
  });

  test('[SFR70] what comes too fast waits', async () => {
    const sara = await world.enter('sara');
    await sara.until('join');
    const before = performance.now();
    for (let sent = 0; sent < 350; sent++) sara.send({ case: 'ping', value: 1n });
    await sara.until('pong', () => sara.all('pong').length === 350);
    await sara.settled();
    // 50 too many are half a second, before them or after, as the pieces fall.
    expect(performance.now() - before).toBeGreaterThan(300);
  });

  test('[SFR71] who floods is sent away', async () => {
    const sara = await ready(world, 'sara');
    sara.media.handlers.onFlood();
    expect(sara.transport().isClosed).toBe(true);
    await sara.until('leave');
  });

  test('[SFR72] what we do not have is answered by where to find it', async () => {
    const sara = await ready(world, 'sara');
    for (const message of [
      { case: 'publishDataTrackRequest', value: { pubHandle: 1, name: 'data' } },
      { case: 'unpublishDataTrackRequest', value: { pubHandle: 1 } },
      { case: 'storeDataBlobRequest', value: { requestId: 5 } },
    ] as const) {
      const before = sara.all('requestResponse').length;
      sara.send(message as never);
      await sara.settled();
      const [told] = sara.all('requestResponse').slice(before);
      expect(told?.reason).toBe(RequestResponse_Reason.UNSUPPORTED_TYPE);
      expect(told?.message).toContain('LiveKit');
    }
  });

  test('[SFR73] pings are answered; who is silent for 30 s loses the socket', async () => {
    let ahead = 0;
    await world.stop();
    vi.useFakeTimers({ toFake: ['setInterval'] });
    try {
      const clock = { now: () => world.nowMs, monotonic: () => performance.now() + ahead };
      world = await startTestSfu({ clock });
      const sara = await ready(world, 'sara');
      sara.send({ case: 'ping', value: 1n });
      expect(await sara.until('pong')).toBe(BigInt(world.nowMs));
      ahead = 29_000;
      vi.advanceTimersByTime(5_000);
      // The socket's own pong counts.
      await sara.settled();
      ahead = 58_000;
      vi.advanceTimersByTime(5_000);
      await sara.settled();
      ahead = 90_000;
      vi.advanceTimersByTime(5_000);
      await sara.closed;
      expect(sara.transport().isClosed).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});
