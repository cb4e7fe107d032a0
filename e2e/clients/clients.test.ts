import { AccessToken, TrackSource } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { countsName } from '../../scripts/test-counts.ts';
import { noteFigure } from '../../scripts/test-notes.ts';
import { LIVEKIT, type LiveKitServer, startLiveKit } from '../livekit/server.ts';
import {
  framesReceived,
  packetsReceived,
  packetsSent,
  rising,
  STRAYS_AFTER_MUTE,
  silent,
  until,
} from './counters.ts';
import { clientEngines } from './engines.ts';
import type { ClientEngine, MediaClient, MediaKind } from './media-client.ts';
import { rtcNodeClients } from './rtc-node.ts';

/**
 * What every client must show before it may witness about Callgate: it runs against LiveKit as it is, so that a
 * failure here speaks of a client and one elsewhere of us.
 */
const MEDIA: readonly MediaKind[] = ['microphone', 'camera'];

let livekit: LiveKitServer;
const opened: MediaClient[] = [];
let rooms = 0;

/** A token of LiveKit's own. */
function tokenFor(identity: string, room: string): Promise<string> {
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity });
  token.addGrant({ roomJoin: true, room });
  return token.toJwt();
}

/** A client in a room as `identity`; ended after the test. */
async function joined(engine: ClientEngine, room: string, identity: string): Promise<MediaClient> {
  const client = await engine.open();
  opened.push(client);
  await client.join(livekit.url, await tokenFor(identity, room));
  return client;
}

/** A client of the engine as `speaker` and an rtc-node client as `witness`, in a room of their own. */
async function pair(engine: ClientEngine, ...kinds: MediaKind[]) {
  const room = `room-${rooms++}`;
  const speaker = await joined(engine, room, 'speaker');
  const witness = await joined(rtcNodeClients(), room, 'witness');
  for (const kind of kinds) {
    await speaker.publish(kind);
    await rising(packetsReceived(witness, 'speaker', kind));
  }
  return { room, speaker, witness };
}

async function setMuted(room: string, kind: MediaKind, muted: boolean): Promise<void> {
  const { tracks } = await livekit.rooms.getParticipant(room, 'speaker');
  const source = kind === 'microphone' ? TrackSource.MICROPHONE : TrackSource.CAMERA;
  const track = tracks.find((each) => each.source === source);
  await livekit.rooms.mutePublishedTrack(room, 'speaker', track?.sid ?? '', muted);
}

const disconnectReason = (client: MediaClient): Promise<string> =>
  until(
    'a disconnect',
    async () => (await client.events()).find(({ state }) => state === 'disconnected')?.reason,
  );

if (LIVEKIT !== undefined) {
  const all = clientEngines();
  // On every change the newest of each kind but Python's, which e2e/media/sdks.test.ts drives with all others at the door.
  const engines = countsName() === 'full' ? all : all.filter(({ name }) => !/oldest|python/.test(name));
  beforeAll(async () => {
    livekit = await startLiveKit();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()));
  });
  afterAll(async () => {
    for (const engine of engines) await engine.stop();
    await livekit.stop();
  });

  test('every client receives microphone and camera of every other', async () => {
    // Where a run has one kind of client alone, two of them meet.
    const kinds = engines.length > 1 ? engines : [...engines, ...engines];
    const clients: MediaClient[] = [];
    for (const [at, engine] of kinds.entries()) clients.push(await joined(engine, 'everybody', `p${at}`));
    for (const client of clients) for (const kind of MEDIA) await client.publish(kind);
    const began = performance.now();
    for (const receiver of clients) {
      for (const at of clients.keys()) {
        if (clients[at] === receiver) continue;
        await rising(packetsReceived(receiver, `p${at}`, 'microphone'));
        await rising(packetsReceived(receiver, `p${at}`, 'camera'), { by: 5 });
        await rising(framesReceived(receiver, `p${at}`, 'camera'), { by: 5 });
      }
      expect(await receiver.participants()).toHaveLength(clients.length - 1);
    }
    const pairs = clients.length * (clients.length - 1);
    noteFigure(`media clients: ${pairs} pairs heard and saw each other in ${seconds(began)} s`);
  });

  for (const engine of engines) describe(engine.name, () => behaves(engine));
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(1);

function behaves(engine: ClientEngine): void {
  test('a token that LiveKit refuses is told as such', async () => {
    const client = await engine.open();
    opened.push(client);
    await expect(client.join(livekit.url, 'no token')).rejects.toThrow(/token|unauthori[sz]ed|401/i);
  });

  test('a mute by the server is shown and silences; the client unmutes itself', async () => {
    const { room, speaker, witness } = await pair(engine, ...MEDIA);
    const microphone = packetsSent(speaker, 'microphone');
    for (const kind of MEDIA) {
      await setMuted(room, kind, true);
      await until('the mute is shown', async () => await speaker.isMuted(kind));
      // A camera that its own client muted sends nothing; the microphone goes on, muted or not.
      await silent(packetsReceived(witness, 'speaker', kind), microphone, { strays: STRAYS_AFTER_MUTE });
    }
    for (const kind of MEDIA) {
      await speaker.unmute(kind);
      await rising(packetsReceived(witness, 'speaker', kind));
      await until('the unmute is shown', async () => !(await speaker.isMuted(kind)));
    }
  });

  test('what is not muted is not silent', async () => {
    const { speaker, witness } = await pair(engine, 'microphone');
    const receiver = packetsReceived(witness, 'speaker', 'microphone');
    const sender = packetsSent(speaker, 'microphone');
    await expect(silent(receiver, sender, { strays: STRAYS_AFTER_MUTE })).rejects.toThrow('not silent');
  });

  test('a permission that goes takes the tracks; publishing works again once it is back', async () => {
    const { room, speaker, witness } = await pair(engine, 'microphone');
    const permission = { canSubscribe: true, canPublishData: true };
    const may = (canPublish: boolean) =>
      livekit.rooms.updateParticipant(room, 'speaker', { permission: { ...permission, canPublish } });
    await may(false);
    await until('the loss is shown', async () => (await speaker.permissions())?.canPublish === false);
    await until('the track is gone', async () =>
      (await witness.tracks()).every(({ identity }) => identity !== 'speaker'),
    );
    const before = await witness.received('speaker', 'microphone');
    expect(before.packets).toBeGreaterThan(0);
    await expect(speaker.publish('microphone')).rejects.toThrow(/permission|timed out/);
    expect(await witness.received('speaker', 'microphone')).toEqual(before);
    await may(true);
    await until('the grant is shown', async () => (await speaker.permissions())?.canPublish);
    await speaker.publish('microphone');
    await rising(packetsReceived(witness, 'speaker', 'microphone'));
  });

  test('removed by the server it is disconnected with the reason', async () => {
    const { room, speaker, witness } = await pair(engine);
    await until('they see each other', async () => (await witness.participants()).includes('speaker'));
    await livekit.rooms.removeParticipant(room, 'speaker');
    expect(await disconnectReason(speaker)).toBe('PARTICIPANT_REMOVED');
    await until('it is gone', async () => (await witness.participants()).length === 0);
  });

  test('a lost signalling connection is resumed while media goes on', async () => {
    const { speaker, witness } = await pair(engine, 'microphone');
    await speaker.dropSignal();
    await until('it resumes', async () =>
      (await speaker.events()).some(({ state }) => state === 'reconnected'),
    );
    await rising(packetsReceived(witness, 'speaker', 'microphone'));
    expect((await speaker.events()).map(({ state }) => state)).toEqual([
      'connected',
      'reconnecting',
      'reconnected',
    ]);
  });

  test('counters stay when a track goes, and go on with the next', async () => {
    const { speaker, witness } = await pair(engine, 'screen');
    await stayWhenGone(speaker, witness, 'speaker');
    await witness.publish('screen');
    await stayWhenGone(witness, speaker, 'witness');
  });

  test('the sound of a screen and data arrive', async () => {
    const { speaker, witness } = await pair(engine, 'screen-audio');
    await speaker.sendData(Uint8Array.of(1, 2, 255));
    await until('data arrives', async () => (await witness.dataReceived()).length > 0);
    expect(await witness.dataReceived()).toEqual([{ identity: 'speaker', bytes: Uint8Array.of(1, 2, 255) }]);
  });
}

/** The sender, `identity`, takes its screen back and shows it again: neither side forgets what went before. */
async function stayWhenGone(sender: MediaClient, receiver: MediaClient, identity: string): Promise<void> {
  const arrived = packetsReceived(receiver, identity, 'screen');
  await rising(arrived);
  const before = { sent: await sender.sent('screen'), received: await arrived() };
  await sender.unpublish('screen');
  const seen = async () => (await receiver.tracks()).some((track) => track.identity === identity);
  await until('it is unpublished', async () => !(await seen()));
  expect(await sender.sent('screen')).toBeGreaterThanOrEqual(before.sent);
  expect(await arrived()).toBeGreaterThanOrEqual(before.received);
  await sender.publish('screen');
  await rising(arrived, { by: 5 });
  await rising(framesReceived(receiver, identity, 'screen'), { by: 5 });
}
