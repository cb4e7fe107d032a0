import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  clientEngines,
  packetsReceived,
  packetsSent,
  rising,
  STRAYS_AFTER_MUTE,
  silent,
  until,
} from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { type MediaWorld, openMediaWorld, type Present } from './world.ts';

/*
 * Every published SDK through the door: one evening in an audio room, from asking to speak to being shown out. Who
 * listens is rtc-node, which shares no code with the browsers' SDK.
 */

const listeners = rtcNodeClients();
const engines = LIVEKIT === undefined ? [] : clientEngines();

describe.skipIf(engines.length === 0)('published SDKs at the door', () => {
  let world: MediaWorld;
  let rooms = 0;
  let path = '';
  beforeAll(async () => {
    const [sqlite] = serverEngines;
    if (!sqlite) throw new Error('no storage engine');
    const origins = await Promise.all(engines.map((one) => one.origin?.()));
    const allowed = origins.filter((origin) => origin !== undefined).join();
    world = await openMediaWorld(sqlite, listeners, {
      ...(allowed !== '' && { CALLGATE_ALLOWED_ORIGINS: allowed }),
    });
  });
  afterEach(() => world.clear());
  afterAll(async () => {
    await world.close();
    for (const engine of engines) await engine.stop();
  });

  const heard = ({ client }: Present) => packetsReceived(client, 'sara', 'microphone');
  const own = async (as: string): Promise<string[]> =>
    (await world.ask('GET', path, undefined, as)).body.own_capabilities as string[];

  for (const engine of engines) {
    test(`[ENF4] an audio room with ${engine.name}: asked, granted, muted, unmuted, revoked, granted, removed`, {
      timeout: 180_000,
    }, async () => {
      path = await world.call(`audio_room:sdk-${++rooms}`, ['sara', 'bob']);
      await world.ask('POST', `${path}/go_live`, {});
      const sara = await world.enter(path, 'sara', {}, engine);
      const bob = await world.enter(path, 'bob');
      expect(await own('sara')).not.toContain('send-audio');
      await expect(sara.client.publish('microphone')).rejects.toThrow();

      const asked = await world.ask(
        'POST',
        `${path}/request_permission`,
        { permissions: ['send-audio'] },
        'sara',
      );
      expect(asked.status).toBeLessThan(300);
      const permissions = `${path}/user_permissions`;
      const grant = { user_id: 'sara', grant_permissions: ['send-audio'] };
      const revoke = { user_id: 'sara', revoke_permissions: ['send-audio'] };
      expect(await world.act('POST', permissions, grant)).toMatchObject({ state: 'applied', sessions: 1 });
      await until('the client knows', async () => (await sara.client.permissions())?.canPublish !== false);
      await sara.client.publish('microphone');
      await rising(heard(bob));

      const mute = { user_ids: ['sara'], audio: true };
      expect(await world.act('POST', `${path}/mute_users`, mute)).toMatchObject({
        state: 'applied',
        tracks: 1,
      });
      await until('the mute is shown', () => sara.client.isMuted('microphone'));
      await silent(heard(bob), packetsSent(sara.client, 'microphone'), { strays: STRAYS_AFTER_MUTE });
      await sara.client.unmute('microphone');
      await rising(heard(bob));

      expect(await world.act('POST', permissions, revoke)).toMatchObject({ state: 'applied', tracks: 1 });
      const stopped = await heard(bob)();
      await expect(sara.client.publish('microphone')).rejects.toThrow();
      expect((await heard(bob)()) - stopped).toBeLessThanOrEqual(20);
      await world.act('POST', permissions, grant);
      await until('the client knows', async () => (await sara.client.permissions())?.canPublish !== false);
      await sara.client.unpublish('microphone').catch(() => undefined);
      await sara.client.publish('microphone');
      await rising(heard(bob));

      expect(await world.act('POST', `${path}/block`, { user_id: 'sara' })).toMatchObject({
        state: 'applied',
      });
      const gone = await until('a disconnect', async () =>
        (await sara.client.events()).find(({ state }) => state === 'disconnected'),
      );
      expect(gone).toMatchObject({ reason: 'PARTICIPANT_REMOVED' });
      const { url, token } = sara.joined.credentials;
      await expect(sara.client.join(url, token)).rejects.toThrow(/over|403|not allowed/i);
    });
  }
});
