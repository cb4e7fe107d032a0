import { RequestResponse_Reason, TrackSource, TrackType, UpdateParticipantMetadata } from '@livekit/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { framesReceived, rising, silent, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { knock } from '../media/signal.ts';
import { FACE, FLYING, heardBy, paced, sent, VOICE } from '../raw-client/counters.ts';
import type { RawClient } from '../raw-client/raw-client.ts';
import { type BareLiveKit, joinOf, openBareLiveKit, speaking, subscribe } from './bare-livekit.ts';
import { LIVEKIT } from './server.ts';

const CAMERA_ALONE = { grant: { canPublishSources: ['camera'] } };
const MICROPHONE_ALONE = { grant: { canPublishSources: ['microphone'] } };

/** Who the client was told of so far, by updates. */
const toldOf = ({ signal }: RawClient): string[] =>
  signal.messages.flatMap(({ message }) =>
    message.case === 'update' ? message.value.participants.map(({ identity }) => identity) : [],
  );

/** LiveKit's facts about tracks and who gets them, without Callgate: a release that changes one must fail here. */
describe.skipIf(LIVEKIT === undefined).concurrent('media of LiveKit', () => {
  let bare: BareLiveKit;
  const clients = rtcNodeClients();
  beforeAll(async () => {
    bare = await openBareLiveKit();
  });
  afterAll(async () => {
    await clients.stop();
    await bare.close();
  });

  test('[LKF6] a source that is not allowed is refused, with or without its own kind', async () => {
    const sara = await bare.enter(bare.room(), 'sara', CAMERA_ALONE);
    for (const publication of [VOICE, { ...FACE, source: TrackSource.MICROPHONE }]) sara.publish(publication);
    sara.publish({ ...FACE, cid: 'allowed' });
    await sara.taken('allowed');
    expect(sara.signal.messages.filter(({ message }) => message.case === 'trackPublished')).toHaveLength(1);
  });

  test('[LKF6] sound that is declared as a camera’s passes for one, and a picture as a microphone’s', async () => {
    const sound = { ...VOICE, source: TrackSource.CAMERA };
    const { room } = await speaking(bare, { ...CAMERA_ALONE, publication: sound });
    expect((await bare.held(room, 'sara'))?.tracks).toMatchObject([
      { type: TrackType.AUDIO, source: TrackSource.CAMERA },
    ]);
    const picture = { ...FACE, source: TrackSource.MICROPHONE };
    await speaking(bare, { ...MICROPHONE_ALONE, publication: picture });
  });

  test('[LKF18] sound that is offered under the id of a camera’s picture is forwarded', async () => {
    const publication = { ...VOICE, declaredAs: 'video', source: TrackSource.CAMERA } as const;
    const { room } = await speaking(bare, { ...CAMERA_ALONE, publication });
    expect((await bare.held(room, 'sara'))?.tracks).toMatchObject([
      { type: TrackType.VIDEO, source: TrackSource.CAMERA, mimeType: 'audio/opus' },
    ]);
  });

  test('[LKF10] who is hidden hears and is announced to nobody; the API lists them', async () => {
    const { room, bob } = await speaking(bare);
    const ghost = await bare.enter(room, 'ghost', { grant: { hidden: true } });
    await rising(heardBy(ghost));
    const carl = await bare.enter(room, 'carl');
    await until('Bob hears of Carl', async () => toldOf(bob).includes('carl'));
    expect(toldOf(bob)).not.toContain('ghost');
    const others = (await joinOf(carl)).otherParticipants.map(({ identity }) => identity);
    expect(others.sort()).toEqual(['bob', 'sara']);
    expect(await bare.held(room, 'ghost')).toBeDefined();
  });

  test('[LKF10] nobody changes their own name and metadata unless their token says so', async () => {
    const room = bare.room();
    for (const canUpdateOwnMetadata of [undefined, true]) {
      const sara = await bare.enter(room, 'sara', { grant: { canUpdateOwnMetadata } });
      const value = new UpdateParticipantMetadata({ name: 'Admin', metadata: 'mine', requestId: 7 });
      sara.send({ case: 'updateMetadata', value });
      const { message } = await sara.signal.until('requestResponse');
      const { NOT_ALLOWED, OK } = RequestResponse_Reason;
      expect(message.value).toMatchObject({ reason: canUpdateOwnMetadata ? OK : NOT_ALLOWED });
      const wanted = canUpdateOwnMetadata ? { name: 'Admin', metadata: 'mine' } : { name: '', metadata: '' };
      expect(await bare.held(room, 'sara')).toMatchObject(wanted);
    }
  });

  test('[LKF14] a hidden participant on rtc-node gets the decoded frames of others, who are not told', async () => {
    const room = bare.room();
    const [speaker, sampler] = [await clients.open(), await clients.open()];
    await speaker.join(bare.server.url, bare.token(room, 'speaker'));
    await speaker.publish('camera');
    const grant = { hidden: true, canPublish: false, canPublishData: false };
    await sampler.join(bare.server.url, bare.token(room, 'sampler', { grant }));
    await rising(framesReceived(sampler, 'speaker', 'camera'));
    expect(await sampler.participants()).toEqual(['speaker']);
    await bare.enter(room, 'guest');
    await until('the speaker is told of a guest', async () =>
      (await speaker.participants()).includes('guest'),
    );
    expect(await speaker.participants()).toEqual(['guest']);
    for (const client of [speaker, sampler]) await client.close();
  });

  test('[LKF17] media outlives the signalling of who is connected; the API still reaches them', async () => {
    const { room, sara, bob, sid } = await speaking(bare);
    sara.signal.close();
    await sara.signal.closed;
    await rising(heardBy(bob, sid), { by: 100 });
    expect(await bare.active(room, 'sara')).toMatchObject({ sid: sara.sid });
    await bare.server.rooms.removeParticipant(room, 'sara');
    await silent(heardBy(bob), paced(), { strays: FLYING });
  });

  test('[LKF17] who has no media connected is gone with the signalling', async () => {
    const room = bare.room();
    const knocked = await knock(bare.server.url, bare.token(room, 'sara'));
    if (!('socket' in knocked)) throw new Error('LiveKit refuses its own token');
    await knocked.socket.until('join');
    expect(await bare.held(room, 'sara')).toBeDefined();
    knocked.socket.close();
    await until('she is gone', async () => (await bare.held(room, 'sara')) === undefined);
  });

  test('[LKF20] LiveKit subscribes people to everything, and to nothing where auto_subscribe is off', async () => {
    const { room, sara, voice, sid } = await speaking(bare);
    const carl = await bare.enter(room, 'carl', { query: { auto_subscribe: '0' } });
    await bare.active(room, 'carl');
    await silent(heardBy(carl), sent(voice), { strays: 0 });
    const { participant } = await joinOf(carl);
    expect(participant?.permission).toMatchObject({ canSubscribe: true });
    subscribe(carl, sid, true);
    await rising(heardBy(carl, sid));
    const face = sara.publish(FACE);
    const faceSid = await sara.published(FACE.cid);
    await silent(heardBy(carl, faceSid), sent(face), { strays: 0 });
  });
});
