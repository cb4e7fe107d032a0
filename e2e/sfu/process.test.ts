import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startEmbeddedSfu } from '@callgate/server/embedded-sfu.ts';
import { createLogger } from '@callgate/server/kernel/logger.ts';
import { isGone, until } from '@callgate/server/test-processes.ts';
import type { SfuSettings } from '@callgate/sfu/process';
import { AccessToken, RoomServiceClient } from 'livekit-server-sdk';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { type MediaClient, packetsReceived, rising, silent } from '../clients/index.ts';
import { rtcNodeClients } from '../clients/rtc-node.ts';
import { freePort } from '../harness/server.ts';
import { paced } from '../raw-client/index.ts';

const PARENT = fileURLToPath(new URL('../../apps/server/src/test-sfu-parent.ts', import.meta.url));
const KEY = 'key';
const SECRET = 'secret-of-the-embedded-media-server';
const logger = createLogger({ level: 'silent' });

const settingsOf = async (): Promise<SfuSettings> => ({
  ...{ keys: { [KEY]: SECRET }, host: '127.0.0.1', port: 0, iceServers: [], autoCreate: true },
  ...{ udpPort: await freePort(), udpHost: '127.0.0.1' },
});

/** The media server's own process, as the server starts it, with real clients and their media in it. */
describe('the process of the embedded media server', () => {
  const engine = rtcNodeClients();
  const opened: MediaClient[] = [];
  const parents: ChildProcess[] = [];
  afterEach(async () => {
    for (const parent of parents.splice(0)) parent.kill('SIGKILL');
    await Promise.all(opened.splice(0).map((client) => client.close()));
  });
  afterAll(() => engine.stop());

  const joined = async (url: string, identity: string): Promise<MediaClient> => {
    const token = new AccessToken(KEY, SECRET, { identity });
    token.addGrant({ roomJoin: true, room: 'room' });
    const client = await engine.open();
    opened.push(client);
    await client.join(url, await token.toJwt());
    return client;
  };
  /** A server process with one inside, in which somebody is heard. */
  const startHeard = async () => {
    const parent = spawn(process.execPath, [PARENT], { stdio: ['pipe', 'pipe', 'inherit'] });
    parents.push(parent);
    parent.stdin.end(JSON.stringify({ settings: await settingsOf() }));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid, url } = JSON.parse(String(line)) as { pid: number; url: string };
    const speaker = await joined(url, 'speaker');
    const witness = await joined(url, 'witness');
    await speaker.publish('microphone');
    const heard = packetsReceived(witness, 'speaker', 'microphone');
    await rising(heard);
    return { parent, pid, heard };
  };

  test('[SFW24] a media port that is taken is told, and leaves no child', async () => {
    const settings = await settingsOf();
    const socket = createSocket('udp4').bind(settings.udpPort, '127.0.0.1');
    await once(socket, 'listening');
    await expect(startEmbeddedSfu({ settings, logger })).rejects.toThrow(
      /cannot start: udpPort: media cannot listen at 127\.0\.0\.1:\d+: it is taken/,
    );
    socket.close();
  });

  test('[SFW27] kill -9 of its parent ends it, and what people hear, within a second', async () => {
    const { parent, pid, heard } = await startHeard();
    parent.kill('SIGKILL');
    expect(await until('its end', () => isGone(pid), 5_000)).toBeLessThan(1_000);
    // Those on their way at most, and then none while half a second's would come.
    await silent(heard, paced(), { packets: 25, strays: 9 });
  });

  test('[SFW28] without a heartbeat for 5 s nobody is heard any more', async () => {
    const { parent, pid, heard } = await startHeard();
    const paused = performance.now();
    parent.kill('SIGSTOP');
    await rising(heard);
    await until('its end', () => isGone(pid), 10_000);
    expect(performance.now() - paused).toBeLessThan(7_000);
    expect(performance.now() - paused).toBeGreaterThan(4_300);
  });

  test('[SFW29] what was in rooms before a new start is gone, and people come in again', async () => {
    const sfu = await startEmbeddedSfu({ settings: await settingsOf(), logger });
    try {
      await joined(sfu.url, 'sara');
      const rooms = new RoomServiceClient(sfu.url, KEY, SECRET);
      expect(await rooms.listParticipants('room')).toHaveLength(1);
      const { bootId, pid } = sfu;
      await Promise.all(opened.splice(0).map((client) => client.close()));
      process.kill(pid as number, 'SIGKILL');
      await until('another boot', () => sfu.bootId !== undefined && sfu.bootId !== bootId, 20_000);
      expect(await rooms.listRooms()).toEqual([]);
      const [bob, carl] = [await joined(sfu.url, 'bob'), await joined(sfu.url, 'carl')];
      await bob.publish('microphone');
      await rising(packetsReceived(carl, 'bob', 'microphone'));
      await rooms.removeParticipant('room', 'bob');
      expect((await rooms.listParticipants('room')).map(({ identity }) => identity)).toEqual(['carl']);
    } finally {
      await sfu.stop();
    }
    expect(sfu.pid).toBeUndefined();
  });

  test('[SFW30] stopping with people inside leaves no child', async () => {
    const sfu = await startEmbeddedSfu({ settings: await settingsOf(), logger });
    await joined(sfu.url, 'sara');
    const pid = sfu.pid as number;
    await sfu.stop();
    expect(isGone(pid)).toBe(true);
  });
});
