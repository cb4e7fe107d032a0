import {
  DisconnectReason,
  type ParticipantPermission,
  SubscriptionPermission,
  TrackSource,
} from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rising, silent } from '../clients/index.ts';
import { FACE, FLYING, heardBy, paced, sent, VOICE } from '../raw-client/counters.ts';
import { type BareLiveKit, joinOf, openBareLiveKit, sentAway, speaking, subscribe } from './bare-livekit.ts';
import { LIVEKIT } from './server.ts';

/** Packets until LiveKit has taken a message, or ended a subscription: a second of them. */
const TAKING = 50;
/** Nothing may come, not even a stray. */
const NONE = { strays: 0 };
const ALL = { canPublish: true, canSubscribe: true, canPublishData: true };

/** LiveKit's facts about acts of its API, without Callgate: a release that changes one must fail here. */
describe.skipIf(LIVEKIT === undefined).concurrent('acts of LiveKit', () => {
  let bare: BareLiveKit;
  beforeAll(async () => {
    bare = await openBareLiveKit();
  });
  afterAll(() => bare.close());

  const saraIsHeard = () => speaking(bare);
  const permit = (room: string, identity: string, permission: Partial<ParticipantPermission>) =>
    bare.server.rooms.updateParticipant(room, identity, { permission });

  test('[LKF4] a permission replaces all of the former: what it leaves out is taken away', async () => {
    const room = bare.room();
    await bare.enter(room, 'sara');
    await permit(room, 'sara', { canPublishData: true, hidden: true });
    expect((await bare.held(room, 'sara'))?.permission).toMatchObject({
      ...{ canPublish: false, canSubscribe: false, canPublishData: true, hidden: true },
    });
    // Somebody else’s, without a version to compare.
    await permit(room, 'sara', { canSubscribe: true });
    expect((await bare.held(room, 'sara'))?.permission).toMatchObject({
      ...{ canPublish: false, canSubscribe: true, canPublishData: false, hidden: false },
    });
  });

  test('[LKF4] tracks of a source that is allowed no more are closed, others go on', async () => {
    const { room, sara, bob, voice, sid } = await saraIsHeard();
    sara.publish(FACE);
    const face = await sara.published(FACE.cid);
    await rising(heardBy(bob, face));
    await permit(room, 'sara', { ...ALL, canPublishSources: [TrackSource.CAMERA] });
    await silent(heardBy(bob, sid), sent(voice), { strays: FLYING });
    await rising(heardBy(bob, face));
    expect((await bare.held(room, 'sara'))?.tracks).toMatchObject([{ sid: face }]);
  });

  test('[LKF4] who may no longer subscribe receives nothing', async () => {
    const { room, bob, voice, sid } = await saraIsHeard();
    await permit(room, 'bob', { canPublish: true });
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    subscribe(bob, sid, true);
    await silent(heardBy(bob), sent(voice), NONE);
  });

  test('[LKF4] a rejoin by the first token brings the first rights back', async () => {
    const { room, token, bob } = await saraIsHeard();
    await permit(room, 'sara', { canSubscribe: true });
    const sara = await bare.enterBy(token, 'sara');
    expect((await joinOf(sara)).participant?.permission).toMatchObject(ALL);
    sara.publish(VOICE);
    await rising(heardBy(bob, await sara.published(VOICE.cid)));
  });

  test('[LKF5] the API’s mute silences who does not follow, until one message of theirs', async () => {
    const { room, sara, bob, voice, sid } = await saraIsHeard();
    await bare.server.rooms.mutePublishedTrack(room, 'sara', sid, true);
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    sara.mute(sid, false);
    await rising(heardBy(bob));
  });

  test('[LKF5] what is published anew after the API’s mute is heard', async () => {
    const { room, sara, bob, voice, sid } = await saraIsHeard();
    await bare.server.rooms.mutePublishedTrack(room, 'sara', sid, true);
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
    sara.publish({ ...VOICE, cid: 'voice-again' });
    await rising(heardBy(bob, await sara.published('voice-again')));
  });

  test('[LKF5] the API unmutes nobody', async () => {
    const { room, bob, voice, sid } = await saraIsHeard();
    await bare.server.rooms.mutePublishedTrack(room, 'sara', sid, true);
    const unmuting = bare.server.rooms.mutePublishedTrack(room, 'sara', sid, false);
    await expect(unmuting).rejects.toMatchObject({ code: 'failed_precondition' });
    await silent(heardBy(bob), sent(voice), { strays: FLYING });
  });

  test('[LKF8] a second join of one identity throws out the first', async () => {
    const { room, token, sara } = await saraIsHeard();
    const gone = sentAway(sara);
    const again = await bare.enterBy(token, 'sara');
    expect(await gone).toBe(DisconnectReason.DUPLICATE_IDENTITY);
    expect(await bare.active(room, 'sara')).toMatchObject({ sid: again.sid });
  });

  test('[LKF8] a removal of who is not there yet is not found, and keeps nobody out', async () => {
    const room = bare.room();
    await bare.enter(room, 'bob');
    await expect(bare.server.rooms.removeParticipant(room, 'sara')).rejects.toMatchObject({
      code: 'not_found',
    });
    await bare.enter(room, 'sara');
    expect(await bare.active(room, 'sara')).toBeDefined();
  });

  test('[LKF8] by default a token makes its room anew after it was deleted', async () => {
    const { room, token, sara } = await saraIsHeard();
    const gone = sentAway(sara);
    await bare.server.rooms.deleteRoom(room);
    expect(await gone).toBe(DisconnectReason.ROOM_DELETED);
    await bare.enterBy(token, 'sara');
    expect(await bare.active(room, 'sara')).toBeDefined();
  });

  test('[LKF9] the API ends a subscription, and one message of the subscriber’s brings it back', async () => {
    const { room, bob, voice, sid } = await saraIsHeard();
    await bare.server.rooms.updateSubscriptions(room, 'bob', [sid], false);
    await silent(heardBy(bob), sent(voice), { strays: TAKING });
    subscribe(bob, sid, true);
    await rising(heardBy(bob));
  });

  test('[LKF9] what the publisher’s client allows nobody, neither the subscriber nor the API subscribes to', async () => {
    const { room, sara, bob, voice, sid } = await saraIsHeard();
    const allowAll = (allParticipants: boolean): void =>
      sara.send({
        case: 'subscriptionPermission',
        value: new SubscriptionPermission({ allParticipants }),
      });
    allowAll(false);
    await silent(heardBy(bob), sent(voice), { strays: TAKING });
    subscribe(bob, sid, true);
    await bare.server.rooms.updateSubscriptions(room, 'bob', [sid], true);
    await silent(heardBy(bob), sent(voice), NONE);
    allowAll(true);
    await rising(heardBy(bob));
  });

  test('[LKF9] nobody can be moved or forwarded to another room', async () => {
    const [room, other] = [bare.room(), bare.room()];
    for (const each of [room, other]) await bare.enter(each, 'sara');
    for (const verb of ['moveParticipant', 'forwardParticipant'] as const) {
      await expect(bare.server.rooms[verb](room, 'sara', other)).rejects.toThrow(/not.implemented$/);
    }
  });

  test('[LKF12] a removal and a revoke are carried out when the API answers', async () => {
    const revoked = await saraIsHeard();
    await permit(revoked.room, 'sara', { canSubscribe: true });
    await silent(heardBy(revoked.bob), sent(revoked.voice), { strays: FLYING });
    const removed = await saraIsHeard();
    await bare.server.rooms.removeParticipant(removed.room, 'sara');
    await silent(heardBy(removed.bob), paced(), { strays: FLYING });
  });
});
