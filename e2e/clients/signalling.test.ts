import { DisconnectReason, LeaveRequest_Action, SignalResponse } from '@livekit/protocol';
import { AccessToken } from 'livekit-server-sdk';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LIVEKIT, type LiveKitServer, startLiveKit } from '../livekit/server.ts';
import { until } from './counters.ts';
import { clientEngines } from './engines.ts';
import type { ClientEngine, MediaClient } from './media-client.ts';
import { type Relay, type RelayOptions, startRelay } from './relay.ts';

/**
 * What the SDKs say and make of what they are told, seen by a relay between them and LiveKit: the facts on which the
 * gateway's answers rest, tested so that a new version of an SDK shows where it differs.
 */
let livekit: LiveKitServer;
let rooms = 0;
const ends: (() => Promise<void>)[] = [];

const relayed = async (options: Omit<RelayOptions, 'upstream'> = {}): Promise<Relay> => {
  const relay = await startRelay({ upstream: livekit.url, ...options });
  ends.push(() => relay.close());
  return relay;
};

/** A client that joins through the relay, and its room. */
async function joining(engine: ClientEngine, relay: Relay) {
  const room = `relayed-${rooms++}`;
  const client: MediaClient = await engine.open();
  ends.unshift(() => client.close());
  const token = new AccessToken(livekit.apiKey, livekit.apiSecret, { identity: 'speaker' });
  token.addGrant({ roomJoin: true, room });
  return { client, room, join: async () => client.join(relay.url, await token.toJwt()) };
}

/** The mute messages of the client so far, by their `muted`. */
const saidMuted = ({ messages }: Relay): boolean[] =>
  messages.flatMap(({ from, message: { message } }) =>
    from === 'client' && message.case === 'mute' ? [message.value.muted] : [],
  );

const states = async (client: MediaClient) => (await client.events()).map(({ state }) => state);

if (LIVEKIT !== undefined) {
  const engines = clientEngines();
  beforeAll(async () => {
    livekit = await startLiveKit();
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });
  afterAll(async () => {
    for (const engine of engines) await engine.stop();
    await livekit.stop();
  });

  for (const engine of engines) describe(engine.name, () => speaks(engine));
}

function speaks(engine: ClientEngine): void {
  test('it follows the server’s mute by a mute of its own, and unmutes by one message', async () => {
    const relay = await relayed();
    const { client, room, join } = await joining(engine, relay);
    await join();
    await client.publish('microphone');
    // The client's word for it: LiveKit lists a track only once its media arrives.
    const microphone = (await client.tracks()).find(({ kind }) => kind === 'microphone');
    await livekit.rooms.mutePublishedTrack(room, 'speaker', microphone?.sid ?? '', true);
    await until('it says that it is muted', async () => saidMuted(relay).includes(true));
    expect(saidMuted(relay)).not.toContain(false);
    await client.unmute('microphone');
    await until('it says that it is not', async () => saidMuted(relay).at(-1) === false);
  });

  test('told to be silent again when it unmutes, it is silent and shows it', async () => {
    const relay = await relayed({
      toServer: (request, answer) => {
        const { message } = request;
        if (message.case !== 'mute' || message.value.muted) return request;
        answer(
          new SignalResponse({ message: { case: 'mute', value: { sid: message.value.sid, muted: true } } }),
        );
        return undefined;
      },
    });
    const { client, room, join } = await joining(engine, relay);
    await join();
    await client.publish('microphone');
    const listed = async () => (await livekit.rooms.getParticipant(room, 'speaker')).tracks[0];
    await until('LiveKit lists the track', async () => (await listed())?.muted === false);
    await client.mute('microphone');
    await until('it says that it is muted', async () => saidMuted(relay).includes(true));
    await client.unmute('microphone');
    await until(
      'it followed',
      async () => saidMuted(relay).lastIndexOf(true) > saidMuted(relay).indexOf(false),
    );
    await until('it shows the mute', async () => client.isMuted('microphone'));
    await until('LiveKit has it muted', async () => (await listed())?.muted === true);
  });

  test('told to leave it tells the reason and does not come back', async () => {
    const relay = await relayed();
    const { client, join } = await joining(engine, relay);
    await join();
    const leave = { action: LeaveRequest_Action.DISCONNECT, reason: DisconnectReason.PARTICIPANT_REMOVED };
    relay.tell(new SignalResponse({ message: { case: 'leave', value: leave } }));
    relay.cut();
    await until('it disconnects', async () => (await states(client)).includes('disconnected'));
    expect(await client.events()).toEqual([
      { state: 'connected' },
      { state: 'disconnected', reason: 'PARTICIPANT_REMOVED' },
    ]);
    expect(relay.paths).toHaveLength(1);
  });

  for (const status of [401, 403]) {
    test(`refused by ${status} it tells the body and asks once`, async () => {
      const relay = await relayed({ refusal: { status, body: { message: 'banned until noon' } } });
      const { join } = await joining(engine, relay);
      await expect(join()).rejects.toThrow('banned until noon');
      // The socket, and what the SDK asks about its failure.
      expect(relay.paths.filter((path) => !path.endsWith('/validate'))).toHaveLength(1);
    });
  }

  test('refused when it resumes it gives up', async () => {
    const relay = await relayed();
    const { client, join } = await joining(engine, relay);
    await join();
    relay.refuse({ status: 403, body: { message: 'kicked' } });
    relay.cut();
    await until('it disconnects', async () => (await states(client)).includes('disconnected'), 30_000);
    expect(await states(client)).toEqual(['connected', 'reconnecting', 'disconnected']);
  });
}
