import { AccessToken } from 'livekit-server-sdk';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { clientEngines } from '../clients/engines.ts';
import {
  type ClientEngine,
  framesReceived,
  type MediaClient,
  type MediaKind,
  packetsReceived,
  rising,
  silent,
  until,
} from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { type SfuServer, startSfu } from './server.ts';

const MEDIA: readonly MediaKind[] = ['microphone', 'camera'];
const engines = clientEngines();
const opened: MediaClient[] = [];
let rooms = 0;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
});
afterAll(async () => {
  for (const engine of engines) await engine.stop();
});

for (const hasV1 of [true, false]) {
  describe(hasV1 ? 'one connection' : 'two connections', () => {
    for (const engine of engines) describe(engine.name, () => behaves(engine, startSfu({ hasV1 })));
  });
}

function behaves(engine: ClientEngine, starting: Promise<SfuServer>): void {
  afterAll(async () => (await starting).stop());

  async function joined(by: ClientEngine, room: string, identity: string): Promise<MediaClient> {
    const { apiKey, apiSecret, url } = await starting;
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
    const witness = await joined(rtcNodeClients(), room, 'witness');
    for (const kind of kinds) {
      await speaker.publish(kind);
      await rising(packetsReceived(witness, 'speaker', kind));
    }
    return { room, speaker, witness };
  }

  test('[SFR80] publishes to another client and receives it', async () => {
    const { speaker, witness } = await pair(...MEDIA);
    await rising(framesReceived(witness, 'speaker', 'camera'), { by: 5 });
    for (const kind of MEDIA) await witness.publish(kind);
    await rising(packetsReceived(speaker, 'witness', 'microphone'));
    await rising(framesReceived(speaker, 'witness', 'camera'), { by: 5 });
    expect(await speaker.participants()).toEqual(['witness']);
  });
}
void [silent, until];
