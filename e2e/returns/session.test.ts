import { afterAll, describe, expect, test } from 'vitest';
import { until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { openMediaWorld } from '../media/world.ts';

const clients = rtcNodeClients();
afterAll(() => clients.stop());
const engines = LIVEKIT === undefined ? [] : serverEngines;

for (const engine of engines) {
  // Side by side: each waits, for most of a minute, for servers of its own.
  describe.concurrent(engine.name, () => {
    test('[RET5] after a crash the session shows who is at the media server, and no others', async () => {
      const world = await openMediaWorld(engine, clients, {}, { reports: false });
      try {
        const path = await world.call('default:truth', ['sara', 'bob']);
        const [sara] = [await world.enter(path, 'sara'), await world.enter(path, 'bob')];
        const people = async (): Promise<string> => {
          const { body } = await world.ask('GET', path);
          const { session } = body.call as { session: { participants: { user: { id: string } }[] } };
          return session.participants
            .map(({ user }) => user.id)
            .toSorted()
            .join();
        };
        expect(await people()).toBe('bob,sara');
        await world.server.kill();
        await sara.client.close();
        await world.server.start();
        await until('Sara is out of the session', async () => (await people()) === 'bob', 60_000);
        await world.livekit.kill();
        await world.livekit.start();
        // Bob's client joins again by itself, or it is given up: the session says which.
        await until(
          'the session says what is there',
          async () => {
            const there = await world.livekit.rooms.listParticipants('default:truth').catch(() => []);
            return (await people()) === there.map(({ identity }) => identity.split('#')[0]).join();
          },
          60_000,
        );
      } finally {
        await world.close();
      }
    });
  });
}
