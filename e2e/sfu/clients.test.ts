import { AccessToken, TrackSource } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import { clientEngines } from '../clients/engines.ts';
import {
  type ClientEngine,
  framesReceived,
  type MediaClient,
  type MediaKind,
  packetsReceived,
  packetsSent,
  rising,
  silent,
  until,
} from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { type SfuServer, startSfu } from './server.ts';

const MEDIA: readonly MediaKind[] = ['microphone', 'camera'];
/**
 * Packets that the witness does not count yet when an act has been shown: its statistics are up to 50 ms old, and an image
 * comes as a burst (seen: up to 30 packets). A camera that goes on is past it soon: `silent` ends after a second without any.
 */
const FLYING = { microphone: 10, camera: 50 };
/** Beside those that a suite drives; also one of them. */
const witnesses = rtcNodeClients();
const all = clientEngines();
/** On every change one of each kind by the newer path and one browser by the older; all by both at full counts. */
const isOnEveryChange = (name: string, hasV1: boolean): boolean =>
  name === 'chromium livekit-client' || (hasV1 && (name.startsWith('firefox') || name === witnesses.name));
const enginesBy = (hasV1: boolean): ClientEngine[] =>
  countsName() === 'full' ? all : all.filter(({ name }) => isOnEveryChange(name, hasV1));
const opened: MediaClient[] = [];
let rooms = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  for (const engine of [...all, witnesses]) await engine.stop();
});

for (const hasV1 of [true, false]) {
  describe(hasV1 ? 'by the newer path' : 'by the older path', () => {
    let server: SfuServer;
    beforeAll(async () => {
      server = await startSfu({ hasV1 });
    });
    afterAll(() => server.stop());
    for (const engine of enginesBy(hasV1)) describe(engine.name, () => behaves(engine, () => server));
  });
}

function behaves(engine: ClientEngine, server: () => SfuServer): void {
  async function joined(by: ClientEngine, room: string, identity: string): Promise<MediaClient> {
    const { apiKey, apiSecret, url } = server();
    const token = new AccessToken(apiKey, apiSecret, { identity });
    token.addGrant({ roomJoin: true, room });
    const client = await by.open();
    opened.push(client);
    await client.join(url, await token.toJwt());
    return client;
  }
  async function pair(...kinds: MediaKind[]) {
    const room = `room-${rooms++}`;
    const speaker = await joined(engine, room, 'speaker');
    const witness = await joined(witnesses, room, 'witness');
    for (const kind of kinds) {
      await speaker.publish(kind);
      await rising(packetsReceived(witness, 'speaker', kind));
    }
    return { room, speaker, witness };
  }
  const setMuted = async (room: string, source: TrackSource): Promise<void> => {
    const { tracks } = await server().rooms.getParticipant(room, 'speaker');
    const track = tracks.find((each) => each.source === source);
    await server().rooms.mutePublishedTrack(room, 'speaker', track?.sid ?? '', true);
  };

  test('[SFR80] publishes to another client and receives it; data arrives', async () => {
    const { speaker, witness } = await pair(...MEDIA);
    await rising(framesReceived(witness, 'speaker', 'camera'), { by: 5 });
    for (const kind of MEDIA) await witness.publish(kind);
    await rising(packetsReceived(speaker, 'witness', 'microphone'));
    await rising(framesReceived(speaker, 'witness', 'camera'), { by: 5 });
    expect(await speaker.participants()).toEqual(['witness']);
    await speaker.sendData(Uint8Array.of(1, 2, 255));
    await until('data arrives', async () => (await witness.dataReceived()).length > 0);
    expect(await witness.dataReceived()).toEqual([{ identity: 'speaker', bytes: Uint8Array.of(1, 2, 255) }]);
  });

  test('[SFR81] a mute by the API silences, and the client unmutes itself', async () => {
    const { room, speaker, witness } = await pair(...MEDIA);
    const microphone = packetsSent(speaker, 'microphone');
    for (const [kind, source] of [
      ['camera', TrackSource.CAMERA],
      ['microphone', TrackSource.MICROPHONE],
    ] as const) {
      await setMuted(room, source);
      await until('the mute is shown', async () => await speaker.isMuted(kind));
      await silent(packetsReceived(witness, 'speaker', kind), microphone, { strays: FLYING[kind] });
    }
    for (const kind of MEDIA) {
      await speaker.unmute(kind);
      await rising(packetsReceived(witness, 'speaker', kind));
    }
    await rising(framesReceived(witness, 'speaker', 'camera'), { by: 5 });
  });

  test('[SFR81] a permission that goes takes the tracks; publishing works again once it is back', async () => {
    const { room, speaker, witness } = await pair('microphone');
    const permission = { canSubscribe: true, canPublishData: true };
    const may = (canPublish: boolean) =>
      server().rooms.updateParticipant(room, 'speaker', { permission: { ...permission, canPublish } });
    await may(false);
    await until('the loss is shown', async () => (await speaker.permissions())?.canPublish === false);
    await until('the track is gone', async () =>
      (await witness.tracks()).every(({ identity }) => identity !== 'speaker'),
    );
    const before = await witness.received('speaker', 'microphone');
    await expect(speaker.publish('microphone')).rejects.toThrow(/permission|timed out/);
    expect(await witness.received('speaker', 'microphone')).toEqual(before);
    await may(true);
    await until('the grant is shown', async () => (await speaker.permissions())?.canPublish);
    await speaker.publish('microphone');
    await rising(packetsReceived(witness, 'speaker', 'microphone'));
  });

  test('[SFR81] removed by the API it is disconnected with the reason', async () => {
    const { room, speaker, witness } = await pair();
    await until('they see each other', async () => (await witness.participants()).includes('speaker'));
    await server().rooms.removeParticipant(room, 'speaker');
    const reason = await until(
      'a disconnect',
      async () => (await speaker.events()).find(({ state }) => state === 'disconnected')?.reason,
    );
    expect(reason).toBe('PARTICIPANT_REMOVED');
    await until('it is gone', async () => (await witness.participants()).length === 0);
  });

  test('[SFR82] lost signalling is resumed while media goes on, and more can be published', async () => {
    const { speaker, witness } = await pair('microphone');
    await speaker.dropSignal();
    await until('it resumes', async () =>
      (await speaker.events()).some(({ state }) => state === 'reconnected'),
    );
    await rising(packetsReceived(witness, 'speaker', 'microphone'));
    const states = (await speaker.events()).map(({ state }) => state);
    expect(states).toEqual(['connected', 'reconnecting', 'reconnected']);
    await speaker.publish('camera');
    await rising(framesReceived(witness, 'speaker', 'camera'), { by: 5 });
    await witness.publish('screen');
    await rising(framesReceived(speaker, 'witness', 'screen'), { by: 5 });
  });

  test('[SFR80] what is taken back is gone, and what is shown again arrives', async () => {
    const { speaker, witness } = await pair('screen');
    for (let times = 0; times < 2; times++) {
      await speaker.unpublish('screen');
      await until('it is unpublished', async () => (await witness.tracks()).length === 0);
      await speaker.publish('screen');
      await rising(framesReceived(witness, 'speaker', 'screen'), { by: 5 });
    }
  });
}
