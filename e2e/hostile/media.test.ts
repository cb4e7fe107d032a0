import {
  DataPacket,
  DataPacket_Kind,
  DisconnectReason,
  LeaveRequest_Action,
  SimulateScenario,
  TrackSource,
  UpdateSubscription,
  UserPacket,
} from '@livekit/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Counter, rising, silent, until } from '../clients/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import {
  FACE,
  FLYING,
  heardBy,
  type Publication,
  paced,
  sent,
  untilHeard,
  VOICE,
} from '../raw-client/index.ts';
import { type HostileStage, type Intruder, openHostileStage } from './hostile-stage.ts';

const BLOCK = { user_id: 'bob', blocked_user_id: 'sara' };
const SPEECH = { revoke_permissions: ['send-audio'] };

describe.skipIf(LIVEKIT === undefined)('a client by hand', () => {
  let stage: HostileStage;
  let path = '';
  beforeAll(async () => {
    stage = await openHostileStage();
  });
  afterEach(() => stage.clear());
  afterAll(() => stage.close());

  /** Sara and Bob in a call of their own; Sara is heard. */
  const saraIsHeard = () =>
    untilHeard(async () => {
      path = await stage.call();
      const [sara, bob] = [await stage.enter(path, 'sara'), await stage.enter(path, 'bob')];
      const voice = sara.publish(VOICE);
      const sid = await sara.published(VOICE.cid);
      return { stage: { sara, bob, voice, sid }, heard: [heardBy(bob, sid)] };
    }, stage.clear);
  /** The same, and she is seen. */
  const saraIsSeen = () =>
    untilHeard(async () => {
      const { sara, bob, sid: voice } = await saraIsHeard();
      const face = sara.publish(FACE);
      const sid = await sara.published(FACE.cid);
      return { stage: { sara, bob, voice, face, sid }, heard: [heardBy(bob, sid)] };
    }, stage.clear);
  const left = ({ signal }: Intruder) => signal.until('leave');

  test('[GWH1] it is let in, heard and hears like any other', async () => {
    const { bob, voice, face } = await saraIsSeen();
    await rising(heardBy(bob, voice));
    expect(face.sent).toBeGreaterThan(0);
  });

  test('[GWH2] after a revoke nothing that it goes on sending is forwarded, whatever it says', async () => {
    const { sara, bob, voice, sid } = await saraIsHeard();
    const revoked = await stage.act(path, '/user_permissions', { user_id: 'sara', ...SPEECH });
    expect(revoked).toMatchObject({ state: 'applied', tracks: 1 });
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    sara.mute(sid, true);
    sara.mute(sid, false);
    await silent(heardBy(bob), sent(voice), { strays: 0 });
    // Under the id that was good, and under a new one.
    for (const cid of [VOICE.cid, 'voice-again']) {
      const again = sara.publish({ ...VOICE, cid });
      await silent(heardBy(bob), paced(), { strays: 0 });
      again.stop();
    }
  });

  test('[GWH2] what was granted again is heard again', async () => {
    const { sara, bob } = await saraIsHeard();
    await stage.act(path, '/user_permissions', { user_id: 'sara', ...SPEECH });
    await stage.act(path, '/user_permissions', { user_id: 'sara', grant_permissions: ['send-audio'] });
    const before = bob.ear.heard().packets;
    sara.publish({ ...VOICE, cid: 'voice-granted' });
    const sid = await sara.published('voice-granted');
    await rising(heardBy(bob, sid));
    expect(bob.ear.heard().packets).toBeGreaterThan(before);
  });

  test('[GWH2] nor are its pictures, and its voice goes on', async () => {
    const { sara, bob, voice, face, sid } = await saraIsSeen();
    const sight = { user_id: 'sara', revoke_permissions: ['send-video'] };
    expect(await stage.act(path, '/user_permissions', sight)).toMatchObject({ state: 'applied', tracks: 1 });
    await silent(heardBy(bob, sid), sent(face), { strays: FLYING });
    await rising(heardBy(bob, voice));
    await stage.act(path, '/user_permissions', { user_id: 'sara', grant_permissions: ['send-video'] });
    sara.publish({ ...FACE, cid: 'face-granted' });
    await rising(heardBy(bob, await sara.published('face-granted')));
  });

  test('[GWH3] a mute that it does not follow silences it, and unmuting at once does not help', async () => {
    const { sara, bob, voice, sid } = await saraIsHeard();
    const muted = await stage.act(path, '/mute_users', { user_ids: ['sara'], audio: true });
    expect(muted).toMatchObject({ state: 'applied', tracks: 1 });
    for (let times = 0; times < 60; times++) sara.mute(sid, false);
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    const again = sara.publish({ ...VOICE, cid: 'voice-loud', muted: false });
    await silent(heardBy(bob), sent(voice), { strays: 0 });
    again.stop();
    // The own unmute of somebody who may speak is theirs: once it has followed.
    sara.mute(sid, true);
    sara.mute(sid, false);
    await rising(heardBy(bob));
  });

  test('[GWH4] sound under the declaration of a camera ends the connection', async () => {
    const { sara, bob } = await saraIsHeard();
    await stage.act(path, '/user_permissions', { user_id: 'sara', ...SPEECH });
    const hidden = sara.publish({
      cid: 'fake',
      kind: 'audio',
      source: TrackSource.CAMERA,
      declaredAs: 'video',
    });
    await left(sara);
    const before = bob.ear.heard().packets;
    await stage.enter(path, 'carl').then(async (carl) => {
      const voice = carl.publish(VOICE);
      const sid = await carl.published(VOICE.cid);
      await rising(heardBy(bob, sid));
      expect(bob.ear.heard().packets - bob.ear.heard(sid).packets - before).toBeLessThan(20);
      voice.stop();
    });
    hidden.stop();
  });

  test.each([
    ['screen sound', { cid: 'screen', kind: 'audio', source: TrackSource.SCREEN_SHARE_AUDIO }],
    ['an unknown source', { cid: 'unknown', kind: 'audio', source: TrackSource.UNKNOWN }],
    ['no declaration', { cid: 'bare', kind: 'audio', source: TrackSource.MICROPHONE, isDeclared: false }],
    ['sound declared as a camera', { cid: 'cam', kind: 'audio', source: TrackSource.CAMERA }],
  ] as [string, Publication][])(
    '[GWH5] who may not speak is not heard by way of %s',
    async (_name, publication) => {
      const { sara, bob, sid } = await untilHeard(async () => {
        path = await stage.call();
        await stage.act(path, '/user_permissions', { user_id: 'sara', ...SPEECH });
        const seen = [await stage.enter(path, 'sara'), await stage.enter(path, 'bob')] as const;
        seen[0].publish(FACE);
        const face = await seen[0].published(FACE.cid);
        return { stage: { sara: seen[0], bob: seen[1], sid: face }, heard: [heardBy(seen[1], face)] };
      }, stage.clear);
      sara.publish(publication);
      const others: Counter = async () => bob.ear.heard().packets - bob.ear.heard(sid).packets;
      await silent(others, paced(), { strays: 0 });
      expect(await others()).toBe(0);
    },
  );

  test('[GWH6] whoever is shut out is heard no more, whatever they go on sending', async () => {
    const { sara, bob, voice } = await saraIsHeard();
    const kicked = await stage.act(path, '/kick', { user_id: 'sara' });
    expect(kicked).toMatchObject({ state: 'applied', sessions: 1, tracks: 1 });
    const { message } = await left(sara);
    expect(message.value).toMatchObject({
      ...{ reason: DisconnectReason.PARTICIPANT_REMOVED, action: LeaveRequest_Action.DISCONNECT },
    });
    await silent(heardBy(bob), paced(), { strays: FLYING });
    expect(voice.sent).toBeGreaterThan(0);
  });

  test('[GWH7] of two clients on one session one is heard', async () => {
    const { sara, bob, voice } = await saraIsHeard();
    const second = await stage.again(sara);
    await left(sara);
    const other = second.publish({ ...VOICE, cid: 'second' });
    const sid = await second.published('second');
    await rising(heardBy(bob, sid));
    const first: Counter = async () => bob.ear.heard().packets - bob.ear.heard(sid).packets;
    await silent(first, sent(other), { strays: FLYING });
    expect(voice.sent).toBeGreaterThan(0);
  });

  test('[GWH8] `simulate` reaches nobody', async () => {
    const { sara, bob } = await saraIsHeard();
    const dropped = await stage.counted('dropped: simulate');
    const scenarios: SimulateScenario['scenario'][] = [
      { case: 'serverLeave', value: true },
      { case: 'nodeFailure', value: true },
      { case: 'migration', value: true },
      { case: 'disconnectSignalOnResume', value: true },
      { case: 'leaveRequestFullReconnect', value: true },
    ];
    for (const scenario of scenarios)
      sara.send({ case: 'simulate', value: new SimulateScenario({ scenario }) });
    await until('all are counted', async () => (await stage.counted('dropped: simulate')) === dropped + 5);
    await rising(heardBy(bob));
    expect(sara.signal.messages.some(({ message }) => message.case === 'leave')).toBe(false);
  });

  test('[GWH9] data by hand is not forwarded without the right to send it', async () => {
    path = await stage.call();
    const [sara, bob] = [await stage.enter(path, 'sara'), await stage.enter(path, 'bob')];
    const say = (text: string) =>
      new DataPacket({
        kind: DataPacket_Kind.RELIABLE,
        value: { case: 'user', value: new UserPacket({ payload: Buffer.from(text) }) },
      }).toBinary();
    const channel = sara.openData();
    await until('data arrives', async () => {
      channel.send(say('hello'));
      return bob.data.some((packet) => packet.toString('latin1').includes('hello'));
    });
    await stage.act(path, '/user_permissions', { user_id: 'sara', revoke_permissions: ['send-data'] });
    for (let times = 0; times < 50; times++) channel.send(say('forbidden'));
    await stage.act(path, '/user_permissions', { user_id: 'sara', grant_permissions: ['send-data'] });
    await until('data arrives again', async () => {
      channel.send(say('allowed'));
      return bob.data.some((packet) => packet.toString('latin1').includes('allowed'));
    });
    expect(bob.data.filter((packet) => packet.toString('latin1').includes('forbidden'))).toEqual([]);
  });

  test('[GWH10] who is hidden from it is not heard by asking for their tracks', async () => {
    const { sara, carl, voice, sid } = await untilHeard(async () => {
      path = await stage.call({ user_blocks: { hide_media: true } });
      const [hers, his, third] = [
        await stage.enter(path, 'sara'),
        await stage.enter(path, 'bob'),
        await stage.enter(path, 'carl'),
      ];
      const spoken = his.publish(VOICE);
      const track = await his.published(VOICE.cid);
      return {
        stage: { sara: hers, carl: third, voice: spoken, sid: track },
        heard: [heardBy(hers, track), heardBy(third, track)],
      };
    }, stage.clear);
    await stage.world.act('POST', '/users/block', BLOCK);
    for (let times = 0; times < 5; times++)
      sara.send({
        case: 'subscription',
        value: new UpdateSubscription({ trackSids: [sid], subscribe: true }),
      });
    await silent(heardBy(sara), sent(voice), { strays: FLYING });
    await rising(heardBy(carl, sid));
    await stage.world.act('POST', '/users/unblock', BLOCK);
    await rising(heardBy(sara, sid));
  });
});
