import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { packetsReceived, packetsSent, rising, STRAYS_AFTER_MUTE, silent, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { mediaEngines } from './media-engines.ts';
import { type MediaWorld, openMediaWorld, type Present } from './world.ts';

const clients = rtcNodeClients();
/** On a mute LiveKit itself sends its subscribers a second of silence. */
const MUTED = { strays: STRAYS_AFTER_MUTE };
afterAll(() => clients.stop());

for (const engine of mediaEngines) {
  describe(engine.name, () => {
    let world: MediaWorld;
    let rooms = 0;
    let path = '';
    beforeAll(async () => {
      world = await openMediaWorld(engine, clients);
    });
    afterEach(() => world.clear());
    afterAll(() => world.close());

    /** Sara, who sends both kinds, and Bob, who hears them, in a call of their own. */
    const saraAndBob = async (settings?: object): Promise<{ sara: Present; bob: Present }> => {
      path = await world.call(`default:acts-${++rooms}`, ['sara', 'bob'], settings);
      const [sara, bob] = await Promise.all([world.enter(path, 'sara'), world.enter(path, 'bob')]);
      await sara.client.publish('microphone');
      await sara.client.publish('camera');
      await rising(heard(bob, 'microphone'));
      await rising(heard(bob, 'camera'));
      return { sara, bob };
    };
    const heard = ({ client }: Present, kind: 'microphone' | 'camera') =>
      packetsReceived(client, 'sara', kind);
    const disconnected = ({ client }: Present) =>
      until('a disconnect', async () =>
        (await client.events()).find(({ state }) => state === 'disconnected'),
      );
    const people = async (): Promise<string[]> => {
      const { body } = await world.ask('GET', path);
      const { session } = body.call as { session: { participants: { user: { id: string } }[] } };
      return session.participants.map(({ user }) => user.id).toSorted();
    };

    test('[ENF5] a mute silences, is shown by the client, and ends by its own unmute', async () => {
      const { sara, bob } = await saraAndBob();
      const enforcement = await world.act('POST', `${path}/mute_users`, { user_ids: ['sara'], audio: true });
      expect(enforcement).toMatchObject({ state: 'applied', sessions: 1, tracks: 1 });
      await silent(heard(bob, 'microphone'), packetsSent(sara.client, 'camera'), MUTED);
      await until('the mute is shown', () => sara.client.isMuted('microphone'));
      await rising(heard(bob, 'camera'));
      await sara.client.unmute('microphone');
      await rising(heard(bob, 'microphone'));
    });

    test('[ENF6] a mute outlives publishing anew and coming back', async () => {
      const { sara, bob } = await saraAndBob();
      await world.act('POST', `${path}/mute_users`, { user_ids: ['sara'], audio: true });
      await sara.client.unpublish('microphone');
      await sara.client.publish('microphone');
      await silent(heard(bob, 'microphone'), packetsSent(sara.client, 'camera'));
      await sara.client.leave();
      await until('Sara has left', async () => !(await people()).includes('sara'));
      const again = await world.enter(path, 'sara');
      await again.client.publish('microphone');
      await again.client.publish('camera');
      await silent(heard(bob, 'microphone'), packetsSent(again.client, 'camera'));
      await until('the mute is shown', () => again.client.isMuted('microphone'));
      await again.client.unmute('microphone');
      await rising(heard(bob, 'microphone'));
    });

    test('[ENF7] a revoke unpublishes and publishing anew is refused, until it is granted', async () => {
      const { sara, bob } = await saraAndBob();
      const permissions = `${path}/user_permissions`;
      const revoke = { user_id: 'sara', revoke_permissions: ['send-audio'] };
      expect(await world.act('POST', permissions, revoke)).toMatchObject({ state: 'applied', tracks: 1 });
      // rtc-node goes on sending what nobody forwards any more: its own counter is the witness.
      await silent(heard(bob, 'microphone'), packetsSent(sara.client, 'microphone'));
      await expect(sara.client.publish('microphone')).rejects.toThrow();
      await silent(heard(bob, 'microphone'), packetsSent(sara.client, 'camera'), { packets: 20 });
      const grant = { user_id: 'sara', grant_permissions: ['send-audio'] };
      expect(await world.act('POST', permissions, grant)).toMatchObject({ state: 'applied' });
      await sara.client.publish('microphone');
      await rising(heard(bob, 'microphone'));
    });

    test('[ENF7] a setting to off unpublishes everybody’s tracks of the kind', async () => {
      const { sara, bob } = await saraAndBob();
      const off = { settings_override: { video: { enabled: false } } };
      expect(await world.act('PATCH', path, off)).toMatchObject({ state: 'applied', sessions: 2, tracks: 1 });
      await silent(heard(bob, 'camera'), packetsSent(sara.client, 'microphone'));
      await world.act('PATCH', path, { settings_override: { video: { enabled: true } } });
      await sara.client.publish('camera');
      await rising(heard(bob, 'camera'));
    });

    test.each([
      ['block', 'POST', '/block', { user_id: 'sara' }],
      ['kick', 'POST', '/kick', { user_id: 'sara' }],
    ])('[ENF8] a %s removes the person with the reason', async (_name, method, verb, body) => {
      const { sara, bob } = await saraAndBob();
      const enforcement = await world.act(method, `${path}${verb}`, body);
      expect(enforcement).toMatchObject({ state: 'applied', sessions: 1, tracks: 2 });
      expect(await people()).toEqual(['bob']);
      expect(await disconnected(sara)).toMatchObject({ reason: 'PARTICIPANT_REMOVED' });
      expect((await world.livekit.rooms.listParticipants(path.slice(12).replace('/', ':'))).length).toBe(1);
      const { url, token } = sara.joined.credentials;
      await expect(sara.client.join(url, token)).rejects.toThrow();
      await bob.client.publish('microphone');
    });

    test('[ENF8] a kicked person comes in with a new join, a blocked one does not', async () => {
      const { bob } = await saraAndBob();
      await world.act('POST', `${path}/kick`, { user_id: 'sara' });
      const again = await world.enter(path, 'sara');
      await again.client.publish('microphone');
      await rising(heard(bob, 'microphone'));
      await world.act('POST', `${path}/block`, { user_id: 'sara' });
      expect((await world.joinCall(path, 'sara')).status).toBe(403);
      await world.act('POST', `${path}/unblock`, { user_id: 'sara' });
      expect((await world.joinCall(path, 'sara')).status).toBe(201);
    });

    test('[ENF8] a ban removes the person, and its end lets them in again', async () => {
      const { sara, bob } = await saraAndBob();
      const ban = await world.act('POST', '/moderation/ban', { target_user_id: 'sara' });
      expect(ban).toMatchObject({ state: 'applied', sessions: 1 });
      expect(await disconnected(sara)).toMatchObject({ reason: 'PARTICIPANT_REMOVED' });
      expect((await world.joinCall(path, 'sara')).status).toBe(403);
      await world.act('DELETE', '/moderation/ban', { target_user_id: 'sara' });
      const again = await world.enter(path, 'sara');
      await again.client.publish('microphone');
      await rising(heard(bob, 'microphone'));
    });

    test('[ENF9] the end of a call removes everybody', async () => {
      const { sara, bob } = await saraAndBob();
      const end = await world.act('POST', `${path}/mark_ended`, {});
      expect(end).toMatchObject({ state: 'applied', sessions: 2 });
      for (const one of [sara, bob])
        expect(await disconnected(one)).toMatchObject({ reason: 'ROOM_DELETED' });
      await expect(
        bob.client.join(bob.joined.credentials.url, bob.joined.credentials.token),
      ).rejects.toThrow();
    });

    test('[GAT11] a client whose signalling was lost takes it up again, and acts bind on it', async () => {
      const { sara, bob } = await saraAndBob();
      await sara.client.dropSignal();
      await until('it is back', async () =>
        (await sara.client.events()).some(({ state }) => state === 'reconnected'),
      );
      await rising(heard(bob, 'microphone'));
      const revoke = { user_id: 'sara', revoke_permissions: ['send-audio'] };
      const revoked = await world.act('POST', `${path}/user_permissions`, revoke);
      expect(revoked).toMatchObject({ state: 'applied', sessions: 1, tracks: 1 });
      await silent(heard(bob, 'microphone'), packetsSent(sara.client, 'camera'));
      await world.act('POST', `${path}/block`, { user_id: 'sara' });
      expect(await disconnected(sara)).toMatchObject({ reason: 'PARTICIPANT_REMOVED' });
    });

    test('[GAT11] so does one that has published anew', async () => {
      const { sara, bob } = await saraAndBob();
      await sara.client.unpublish('microphone');
      await sara.client.publish('microphone');
      await rising(heard(bob, 'microphone'));
      await sara.client.dropSignal();
      const states = async () => (await sara.client.events()).map(({ state }) => state);
      await until('it is back', async () => (await states()).includes('reconnected'), 30_000);
      await rising(heard(bob, 'microphone'));
      expect(await states()).not.toContain('disconnected');
    });

    test('[SES27] who leaves, and whose media is lost, is out of the session', async () => {
      const { sara, bob } = await saraAndBob();
      expect(await people()).toEqual(['bob', 'sara']);
      await sara.client.leave();
      await until('Sara is out', async () => !(await people()).includes('sara'));
      await bob.client.close();
      await until('Bob is out', async () => (await people()).length === 0, 60_000);
    });
  });
}
