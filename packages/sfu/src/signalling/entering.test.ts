import { gzipSync } from 'node:zlib';
import {
  DisconnectReason,
  ParticipantInfo_State,
  ParticipantPermission,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression,
} from '@livekit/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MICROPHONE, ready, SLOTS } from './test-ready.ts';
import { EVERYTHING, startTestSfu, type TestSfu, testToken } from './test-sfu.ts';

let world: TestSfu;
beforeEach(async () => {
  world = await startTestSfu();
});
afterEach(() => world.stop());

const { JOINED, ACTIVE, DISCONNECTED } = ParticipantInfo_State;
const wrapped = (compression: number, joinRequest: Uint8Array): string =>
  encodeURIComponent(
    Buffer.from(new WrappedJoinRequest({ compression, joinRequest }).toBinary()).toString('base64'),
  );

describe('the door', () => {
  test('[SFR1] without a token or with a forged one it is 401, by socket and by validate', async () => {
    for (const path of ['/rtc', '/rtc/v1']) {
      expect(await world.refused('', path)).toEqual({
        status: 401,
        text: 'no permissions to access the room',
      });
      expect(await world.refused('forged', path)).toEqual({
        ...{ status: 401, text: 'invalid authorization token: it is forged' },
      });
      const reply = await fetch(`${world.url.replace('ws', 'http')}${path}/validate?access_token=forged`);
      expect(reply.status).toBe(401);
      expect(reply.headers.get('access-control-allow-origin')).toBe('*');
      expect(await reply.text()).toContain('forged');
    }
    expect(world.media).toEqual([]);
  });

  test('[SFR1] the token is taken from the header, too, and validate says success', async () => {
    const headers = { authorization: `Bearer ${testToken('sara')}` };
    const client = await world.enter('', { path: '/rtc', headers });
    expect((await client.until('join')).participant?.identity).toBe('sara');
    const reply = await fetch(`${world.url.replace('ws', 'http')}/rtc/validate`, { headers });
    expect([reply.status, await reply.text()]).toEqual([200, 'success']);
  });

  test('[SFR2] join requests that cannot be read are 400', async () => {
    const { GZIP, NONE } = WrappedJoinRequest_Compression;
    const bomb = gzipSync(Buffer.alloc(2 * 1024 * 1024));
    for (const query of [
      '',
      '?join_request=',
      '?join_request=%%%',
      `?join_request=${Buffer.from('nothing').toString('base64')}`,
      `?join_request=${wrapped(GZIP, Buffer.from('no gzip'))}`,
      `?join_request=${wrapped(GZIP, bomb)}`,
      `?join_request=${wrapped(7, new Uint8Array())}`,
      `?join_request=${wrapped(NONE, Buffer.from([0xff, 0xff, 0xff]))}`,
    ]) {
      expect(await world.refused(testToken('sara'), `/rtc/v1${query}`), query).toMatchObject({ status: 400 });
    }
    expect(world.media).toEqual([]);
  });

  test('[SFR3] a room that is not there is 404 where joining makes none, and taken once it is made', async () => {
    await world.stop();
    world = await startTestSfu({ autoCreate: false });
    expect(await world.refused(testToken('sara'), '/rtc')).toEqual({
      ...{ status: 404, text: 'requested room does not exist' },
    });
    const { roomControl } = world.sfu;
    roomControl.createRoom({ name: 'room', metadata: '', emptyTimeoutS: 0, maxParticipants: 0 });
    const client = await world.enter('sara', { path: '/rtc' });
    expect((await client.until('join')).room?.name).toBe('room');
  });

  test('[SFR3] a full room is 429, by its own bound or by the server’s; who is in comes again', async () => {
    await world.stop();
    world = await startTestSfu({ limits: { participants: 2, rooms: 1 } });
    const { roomControl } = world.sfu;
    roomControl.createRoom({ name: 'room', metadata: '', emptyTimeoutS: 0, maxParticipants: 1 });
    await world.enter('sara');
    const own = await world.refused(testToken('bob'), '/rtc');
    expect(own).toEqual({ status: 429, text: 'the room has its 1 participants' });
    roomControl.createRoom({ name: 'room', metadata: '', emptyTimeoutS: 0, maxParticipants: 9 });
    await world.enter('bob');
    expect((await world.refused(testToken('carl'), '/rtc')).text).toContain('LiveKit');
    const other = await world.refused(testToken('carl', { room: 'other' }), '/rtc');
    expect(other).toEqual({ status: 429, text: 'there are too many rooms; LiveKit holds more' });
    await (await world.enter('sara')).until('join');
  });
});

describe('what only LiveKit has', () => {
  test('[SFR9] is 401 without a valid token, and 501 with one, naming LiveKit', async () => {
    const http = world.url.replace('ws', 'http');
    for (const token of ['', 'forged', testToken('sara')]) {
      const status = token === testToken('sara') ? 501 : 401;
      const reply = await fetch(`${http}/whip/v1?access_token=${token}`, { method: 'POST' });
      const agent = await world.refused(token, '/agent');
      expect([reply.status, agent.status]).toEqual([status, status]);
      if (status === 501) expect([await reply.text(), agent.text].join()).toMatch(/LiveKit.*LiveKit/);
    }
    expect((await fetch(`${http}/other`)).status).toBe(404);
  });
});

describe('a join', () => {
  test('[SFR4] join is first, with what a client needs, then a token', async () => {
    const sara = await ready(world, 'sara');
    await sara.publish(MICROPHONE);
    const bob = await world.enter('bob', { name: 'Bob', metadata: 'm', attributes: { a: 'b' } });
    const join = await bob.until('join');
    await bob.until('refreshToken');
    expect(bob.messages.slice(0, 2).map(({ message }) => message.case)).toEqual(['join', 'refreshToken']);
    expect(join.serverInfo?.version).toBe('1.13.5');
    expect(join).toMatchObject({
      pingInterval: 5,
      pingTimeout: 15,
      subscriberPrimary: false,
      fastPublish: true,
    });
    expect(join.enabledPublishCodecs.map(({ mime }) => mime)).toEqual([
      'video/VP8',
      'video/H264',
      'audio/opus',
    ]);
    expect(join.participant).toMatchObject({
      identity: 'bob',
      name: 'Bob',
      metadata: 'm',
      attributes: { a: 'b' },
    });
    expect(join.participant?.sid).toMatch(/^PA_/);
    expect(join.otherParticipants).toMatchObject([{ identity: 'sara', tracks: [{ name: 'voice' }] }]);
    expect(join.room?.sid).toMatch(/^RM_/);
  });

  test('[SFR4] who may send nothing is not asked to offer at once', async () => {
    const permission = { canPublish: false, canPublishData: false };
    const client = await world.enter('listener', { permission });
    expect((await client.until('join')).fastPublish).toBe(false);
  });

  test('[SFR5] the others are told at once, and again when the sending connection is there', async () => {
    const bob = await world.enter('bob');
    const sara = await world.enter('sara');
    const isSara = (state: ParticipantInfo_State) => () =>
      bob.all('update').some(({ participants: [one] }) => one?.identity === 'sara' && one.state === state);
    await bob.until('update', isSara(JOINED));
    await sara.offer(SLOTS, 1);
    await sara.settled();
    expect(isSara(ACTIVE)()).toBe(false);
    sara.transport().handlers.onOpen();
    await bob.until('update', isSara(ACTIVE));
  });

  test('[SFR5] with two connections ours is first, unless they may not subscribe; either makes them active', async () => {
    for (const canSubscribe of [true, false]) {
      const client = await world.enter('sara', { path: '/rtc', permission: { canSubscribe } });
      expect((await client.until('join')).subscriberPrimary).toBe(canSubscribe);
      if (canSubscribe) await client.until('offer');
      else await client.offer([{ mid: '0', kind: 'application' }], 1);
      client.transport().handlers.onOpen();
      await client.until('update', ({ participants: [one] }) => one?.state === ACTIVE);
      expect(client.all('offer').length).toBe(canSubscribe ? 1 : 0);
    }
  });

  test('[SFR6] one identity is there once: the first is sent away', async () => {
    const bob = await world.enter('bob');
    const first = await ready(world, 'sara');
    const second = await world.enter('sara');
    expect((await first.until('leave')).reason).toBe(DisconnectReason.DUPLICATE_IDENTITY);
    expect(first.transport().isClosed).toBe(true);
    expect(first.media.isClosed).toBe(true);
    await first.closed;
    const told = await bob.until('update', ({ participants: [one] }) => one?.state === DISCONNECTED);
    expect(told.participants).toMatchObject([
      { sid: first.sid(), disconnectReason: DisconnectReason.DUPLICATE_IDENTITY },
    ]);
    const list = world.sfu.roomControl.listParticipants('room').filter(({ identity }) => identity === 'sara');
    expect(list.map(({ sid }) => sid)).toEqual([second.sid()]);
  });

  test('[SFR7] who is hidden receives and is listed, and nobody is told', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    const ghost = await ready(world, 'ghost', { permission: { hidden: true } });
    await ghost.receives(sid);
    const own = await ghost.publish({ ...MICROPHONE, cid: 'whisper' });
    const bob = await ready(world, 'bob');
    await sara.settled();
    const told = sara
      .all('update')
      .flatMap(({ participants }) => participants.map(({ identity }) => identity));
    expect(told).toContain('bob');
    expect(told).not.toContain('ghost');
    const join = await bob.until('join');
    expect(join.otherParticipants.map(({ identity }) => identity)).toEqual(['sara']);
    expect(join.room?.numParticipants).toBe(2);
    bob.send({ case: 'subscription', value: { trackSids: [own], subscribe: true } as never });
    expect((await bob.until('subscriptionResponse')).trackSid).toBe(own);
    expect(bob.media.sending.has(own)).toBe(false);
    const listed = world.sfu.roomControl.listParticipants('room').map(({ identity }) => identity);
    expect(listed.sort()).toEqual(['bob', 'ghost', 'sara']);
  });

  test('[SFR7] who is hidden no more is announced, and who is hidden from now on is gone for the others', async () => {
    const bob = await ready(world, 'bob');
    const ghost = await ready(world, 'ghost', { permission: { hidden: true } });
    const sid = await ghost.publish(MICROPHONE);
    const permit = (hidden: boolean) =>
      world.sfu.roomControl.updateParticipant('room', 'ghost', {
        permission: new ParticipantPermission({ ...EVERYTHING, hidden }),
      });
    permit(false);
    const shown = await bob.until('update', ({ participants: [one] }) => one?.identity === 'ghost');
    expect(shown.participants[0]).toMatchObject({ state: ACTIVE, tracks: [{ sid }] });
    await bob.receives(sid);
    permit(true);
    expect(bob.media.sending.has(sid)).toBe(false);
    await bob.until('update', ({ participants: [one] }) => one?.state === DISCONNECTED);
  });

  test('[SFR8] each change has the next version', async () => {
    const sara = await ready(world, 'sara');
    const sid = await sara.publish(MICROPHONE);
    for (const muted of [true, false]) sara.send({ case: 'mute', value: { sid, muted } as never });
    await sara.settled();
    const versions = sara.all('update').map(({ participants: [one] }) => one?.version ?? 0);
    expect(versions.length).toBeGreaterThan(3);
    expect(versions).toEqual(versions.map((_, at) => (versions[0] ?? 0) + at));
  });
});
