import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { isGone, until as untilTrue } from '@callgate/server/test-processes.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MediaClient, packetsReceived, packetsSent, rising, silent } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { freePort, type RunningServer, startServer } from '../harness/server.ts';

interface Joined {
  credentials: { url: string; token: string };
}

/** `CALLGATE_MEDIA=embedded`: the whole server with its media server, by its API and its door alone. */
describe('a server with its media server inside', () => {
  const engine = rtcNodeClients();
  const opened: MediaClient[] = [];
  let server: RunningServer;
  beforeAll(async () => {
    const mediaPort = await freePort();
    server = await startServer({ env: { CALLGATE_MEDIA: 'embedded', CALLGATE_MEDIA_PORT: `${mediaPort}` } });
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.close()));
  });
  afterAll(async () => {
    await server.discard();
    await engine.stop();
  });

  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await server.api<T>(method, `/api/v2${path}`, { ...(body !== undefined && { body }) });
    if (reply.status >= 300)
      throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
    return reply.body;
  };
  const enter = async (path: string, userId: string): Promise<MediaClient> => {
    const { credentials } = await ask<Joined>('POST', `${path}/join`, { user_id: userId });
    const client = await engine.open();
    opened.push(client);
    await client.join(credentials.url, credentials.token);
    return client;
  };
  const call = async (id: string, ...people: string[]): Promise<string> => {
    await ask('POST', '/users', {
      users: Object.fromEntries([...people, 'owner'].map((one) => [one, { id: one }])),
    });
    await ask('POST', `/video/call/default/${id}`, { data: { created_by_id: 'owner' } });
    return `/video/call/default/${id}`;
  };
  const childOf = (pid: number): number =>
    Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);

  test('[SFW33] people hear each other, and a block binds before its reply', async () => {
    const path = await call('heard', 'sara', 'bob');
    const [sara, bob] = [await enter(path, 'sara'), await enter(path, 'bob')];
    await sara.publish('microphone');
    const heard = packetsReceived(bob, 'sara', 'microphone');
    await rising(heard);
    const { enforcement } = await ask<{ enforcement: object }>('POST', `${path}/block`, { user_id: 'sara' });
    expect(enforcement).toMatchObject({ state: 'applied', sessions: 1 });
    const after = await heard();
    await bob.publish('microphone');
    await silent(heard, packetsSent(bob, 'microphone'));
    expect((await heard()) - after).toBeLessThan(20);
  });

  test('[SFW33] it is one process below the server, and ends with it', async () => {
    const child = childOf(server.pid);
    expect(isGone(child)).toBe(false);
    await server.stop();
    expect(isGone(child)).toBe(true);
    await server.start();
    const next = childOf(server.pid);
    await server.kill();
    expect(await untilTrue('its end', () => isGone(next), 5_000)).toBeLessThan(1_000);
    await server.start();
  });

  test('[SFW33] a media port that is taken, and LIVEKIT_URL beside it, fail the start', async () => {
    await expect(
      startServer({
        env: {
          CALLGATE_MEDIA: 'embedded',
          LIVEKIT_URL: 'ws://127.0.0.1:1',
          LIVEKIT_API_KEY: 'k',
          LIVEKIT_API_SECRET: 's',
        },
      }),
    ).rejects.toThrow(/CALLGATE_MEDIA: either `embedded`, or LIVEKIT_URL/);
    const socket = createSocket('udp4');
    const port = await freePort();
    await new Promise<void>((bound) => socket.bind(port, '127.0.0.1', bound));
    await expect(
      startServer({ env: { CALLGATE_MEDIA: 'embedded', CALLGATE_MEDIA_PORT: `${port}` } }),
    ).rejects.toThrow(/udpPort: media cannot listen .* it is taken.*CALLGATE_MEDIA_PORT/s);
    socket.close();
  });
});
