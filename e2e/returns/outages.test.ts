import { connect, createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { packetsReceived, packetsSent, rising, silent, until } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';
import { openMediaWorld } from '../media/world.ts';
import { attempt, type Outcome } from './attempt.ts';
import { bringIn } from './people.ts';
import { ANEW, HELD, type Route } from './routes.ts';

const clients = rtcNodeClients();
afterAll(() => clients.stop());
const engines = LIVEKIT === undefined ? [] : serverEngines;

/** Nobody was let in, and somebody was refused. */
function expectShut(outcomes: readonly Outcome[]): void {
  expect(outcomes.filter(({ kind }) => kind === 'admitted')).toEqual([]);
  expect(outcomes.some(({ kind }) => kind === 'refused')).toBe(true);
}

for (const engine of engines) {
  describe(engine.name, () => {
    test('[RET2] a server that is killed while somebody is shut out lets nobody in, and their media ends', async () => {
      const world = await openMediaWorld(engine, clients, {}, { reports: false });
      try {
        const path = await world.call('default:killed', ['sara', 'bob', 'carl']);
        const [sara, bob] = [await world.enter(path, 'sara'), await world.enter(path, 'bob')];
        await Promise.all([sara, bob].map(({ client }) => client.publish('microphone')));
        const heard = packetsReceived(bob.client, 'sara#', 'microphone');
        await rising(heard);
        world.livekit.pause();
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
        world.livekit.resume();
        // Her participant is still there, with nobody at the door.
        const { credentials } = sara.joined;
        const meanwhile: Outcome[] = [];
        const starting = world.server.start();
        let isUp = false;
        void starting.then(() => {
          isUp = true;
        });
        while (!isUp) meanwhile.push(await attempt(credentials));
        await starting;
        for (let times = 0; times < 20; times++) meanwhile.push(await attempt(credentials));
        expectShut(meanwhile);
        await until('she is out of the media', async () => {
          const all = await world.livekit.rooms.listParticipants('default:killed');
          return all.every(({ identity }) => !identity.startsWith('sara#'));
        });
        const carl = await world.enter(path, 'carl');
        await carl.client.publish('microphone');
        const hers = packetsReceived(carl.client, 'sara#', 'microphone');
        await silent(hers, packetsSent(carl.client, 'microphone'), { strays: 0 });
      } finally {
        await world.close();
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

/** Stands between a server and its database, and can be shut. */
async function openGate() {
  let target = { host: '127.0.0.1', port: 0 };
  let isShut = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    if (isShut) near.destroy();
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    /** The same database, through the gate. */
    through(location: string): string {
      const url = new URL(location);
      target = { host: url.hostname, port: Number(url.port) };
      url.host = `127.0.0.1:${port}`;
      return url.toString();
    },
    shut(): void {
      isShut = true;
      for (const socket of sockets) socket.destroy();
    },
    open(): void {
      isShut = false;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
