import { afterAll, describe, expect, test } from 'vitest';
import { rising, silent, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { knock } from '../media/signal.ts';
import { type MediaWorld, openMediaWorld } from '../media/world.ts';
import { FLYING, heardBy, paced, rawClient, VOICE } from '../raw-client/index.ts';
import { attempt, type Outcome } from './attempt.ts';
import { openGate } from './gate.ts';
import { bringIn } from './people.ts';
import { ANEW, HELD, type Route } from './routes.ts';

const clients = rtcNodeClients();
afterAll(() => clients.stop());
const engines = LIVEKIT === undefined ? [] : serverEngines;

/** A client by hand: its packets flow on whatever becomes of its signalling. */
async function byHand(world: MediaWorld, path: string, userId: string) {
  const { credentials } = (await world.joinCall(path, userId)).body;
  const knocked = await knock(credentials.url, credentials.token);
  if (!('socket' in knocked)) throw new Error(`${userId} is not let in`);
  return { credentials, client: await rawClient(knocked.socket, userId) };
}

/** Nobody was let in, and somebody was refused. */
function expectShut(outcomes: readonly Outcome[]): void {
  expect(outcomes.filter(({ kind }) => kind === 'admitted')).toEqual([]);
  expect(outcomes.some(({ kind }) => kind === 'refused')).toBe(true);
}

for (const engine of engines) {
  describe(engine.name, () => {
    test('[RET2] a server that is killed while somebody is shut out lets nobody in, and their media ends', async () => {
      const gate = await openGate();
      const world = await openMediaWorld(engine, clients, {}, { reports: false, livekitUrl: gate.through });
      try {
        const path = await world.call('default:killed', ['sara', 'bob', 'carl']);
        const [sara, bob, carl] = [
          await byHand(world, path, 'sara'),
          await byHand(world, path, 'bob'),
          await byHand(world, path, 'carl'),
        ];
        const voice = sara.client.publish(VOICE);
        carl.client.publish(VOICE);
        const [hers, his] = await Promise.all(
          [sara, carl].map(async ({ client }) => heardBy(bob.client, await client.published(VOICE.cid))),
        );
        if (!hers || !his) throw new Error('nobody is published');
        await Promise.all([rising(hers), rising(his)]);
        gate.swallow('POST /twirp');
        const acting = world
          .ask('POST', '/moderation/ban', { target_user_id: 'sara' })
          .catch(() => undefined);
        await until('the ban is on disk', async () => {
          const { body } = await world.ask('GET', `${path}`);
          const { session } = body.call as { session: { participants: { user: { id: string } }[] } };
          return session.participants.every(({ user }) => user.id !== 'sara');
        });
        await world.server.kill();
        await acting;
        // There is nobody at the door, and her packets flow on: nobody has told the media server.
        await rising(hers);
        gate.open();
        const meanwhile: Outcome[] = [];
        const starting = world.server.start();
        let isUp = false;
        void starting.then(() => {
          isUp = true;
        });
        while (!isUp) meanwhile.push(await attempt(sara.credentials));
        await starting;
        for (let times = 0; times < 20; times++) meanwhile.push(await attempt(sara.credentials));
        expectShut(meanwhile);
        await until('she is out of the media', async () => {
          const all = await world.livekit.rooms.listParticipants('default:killed');
          return all.every(({ identity }) => !identity.startsWith('sara#'));
        });
        await silent(hers, paced(), { strays: FLYING });
        expect(voice.sent).toBeGreaterThan(0);
        await rising(his);
      } finally {
        await world.close();
        await gate.close();
      }
    });

    test('[RET3] across a restart, and with the media server’s reports lost, nobody comes back', async () => {
      const world = await openMediaWorld(
        engine,
        clients,
        { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' },
        { reports: false },
      );
      try {
        const who = await bringIn(world, 1, 'r');
        await world.act('POST', `${who.path}/block`, { user_id: who.id });
        await world.server.stop();
        await world.server.start();
        const outcomes: Outcome[] = [];
        for (const route of Object.values({ ...HELD, ...ANEW })) outcomes.push(await route(world, who));
        expectShut(outcomes);
        await world.act('POST', `${who.path}/unblock`, { user_id: who.id });
        const again = await (ANEW['new join'] as Route)(world, who);
        expect(again.kind).toBe('admitted');
      } finally {
        await world.close();
      }
    });

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

const postgres = engines.find(({ name }) => name === 'postgres');
describe.skipIf(!postgres)('a database that goes away', () => {
  test('[RET4] while it is away nobody is let in; when it is back the policy answers', async () => {
    if (!postgres) return;
    const gate = await openGate();
    const world = await openMediaWorld(
      postgres,
      clients,
      { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' },
      { databaseUrl: gate.through },
    );
    try {
      const [sara, bob] = [await bringIn(world, 1, 'd'), await bringIn(world, 2, 'd')];
      await world.act('POST', '/moderation/ban', { target_user_id: sara.id });
      gate.shut();
      const away: Outcome[] = [];
      for (let times = 0; times < 10; times++) {
        away.push(await attempt(sara.unused, { from: sara.address }));
        away.push(await attempt(bob.unused, { from: bob.address }));
      }
      expect(away.filter(({ kind }) => kind === 'admitted')).toEqual([]);
      gate.open();
      await until(
        'it is back',
        async () => (await attempt(bob.unused, { from: bob.address })).kind === 'admitted',
      );
      expectShut([await attempt(sara.unused, { from: sara.address }), await attempt(sara.first)]);
    } finally {
      await world.close();
      await gate.close();
    }
  });
});
