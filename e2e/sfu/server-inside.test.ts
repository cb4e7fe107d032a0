import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isGone, until as untilTrue } from '@callgate/server/test-processes.ts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type MediaClient, packetsReceived, packetsSent, rising, silent } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { freePort, type RunningServer, startServer } from '../harness/server.ts';
import { knock } from '../media/signal.ts';

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
    server = await startServer({ env: { CALLGATE_MEDIA: 'embedded', CALLGATE_RTC_PORT: `${mediaPort}` } });
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

  test('[SFW33] LIVEKIT_URL beside it fails the start', async () => {
    await expect(
      startServer({
        env: {
          CALLGATE_MEDIA: 'embedded',
          LIVEKIT_URL: 'ws://127.0.0.1:1',
          LIVEKIT_API_KEY: 'k',
          LIVEKIT_API_SECRET: 's',
        },
      }),
    ).rejects.toThrow(/CALLGATE_MEDIA: either that, or LIVEKIT_URL/);
  });

  test('[SFW34] a port that is set and taken fails the start; one that nobody set is another, and media flows', async () => {
    const port = await freePort();
    const held = await holding(port);
    await expect(
      startServer({ env: { CALLGATE_MEDIA: 'embedded', CALLGATE_RTC_PORT: `${port}` } }),
    ).rejects.toThrow(/udpPort: media cannot listen .* it is taken.*CALLGATE_RTC_PORT/s);
    held?.close();
    const first = await holding(7882);
    const second = await startServer({ env: { CALLGATE_MEDIA: 'embedded' } });
    expect(second.output()).toMatch(/"taken":7882,"port":\d+/);
    await second.discard();
    first?.close();
  });

  test('[SFW35] clients are told of ICE servers; one without its password fails the start, and is not shown', async () => {
    const withServers = (servers: string) =>
      startServer({
        env: { CALLGATE_MEDIA: 'embedded', CALLGATE_RTC_PORT: '0', CALLGATE_ICE_SERVERS: servers },
      });
    for (const wrong of [
      'turn:hush.example.com:3478',
      'stun:hush.example.com|name|password',
      'hush.example.com',
    ])
      await expect(withServers(wrong)).rejects.toThrow(/^(?!.*hush).*CALLGATE_ICE_SERVERS must be/s);
    const told = await withServers(
      'stun:127.0.0.1:3478,turn:127.0.0.1:3478?transport=udp|callgate|hush-hush',
    );
    await told.api('POST', '/api/v2/users', { body: { users: { sara: { id: 'sara' } } } });
    await told.api('POST', '/api/v2/video/call/default/ice', { body: { data: { created_by_id: 'sara' } } });
    const reply = await told.api<Joined>('POST', '/api/v2/video/call/default/ice/join', {
      body: { user_id: 'sara' },
    });
    const knocked = await knock(reply.body.credentials.url, reply.body.credentials.token);
    if (!('socket' in knocked)) throw new Error('sara is not let in');
    const { message } = await knocked.socket.until('join');
    expect(
      message.case === 'join' &&
        message.value.iceServers.map(({ urls, username, credential }) => ({ urls, username, credential })),
    ).toEqual([
      { urls: ['stun:127.0.0.1:3478'], username: '', credential: '' },
      { urls: ['turn:127.0.0.1:3478?transport=udp'], username: 'callgate', credential: 'hush-hush' },
    ]);
    knocked.socket.close();
    expect(told.output()).not.toContain('hush-hush');
    await told.discard();
  });
});

/** A socket on that port of media; undefined where somebody else has it, which is as good. */
async function holding(port: number): Promise<Socket | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}
