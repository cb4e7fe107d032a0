import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { RoomServiceClient, WebhookReceiver } from 'livekit-server-sdk';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EmbeddedSfu, type EmbeddedSfuOptions, startEmbeddedSfu } from './embedded-sfu.ts';
import { startReceiver } from './features/webhooks/test-receiver.ts';
import { isGone, until } from './test-processes.ts';

const ENTRY = fileURLToPath(new URL('../../../packages/sfu/src/process/test-entry.ts', import.meta.url));
const PARENT = fileURLToPath(new URL('test-sfu-parent.ts', import.meta.url));
const SECRET = 'secret-of-the-embedded-media-server';

/** Real processes: the child is the media server's own around rooms that "forward" a datagram every 10 ms. */
describe('the embedded media server', () => {
  let media: Socket;
  let lastPacketAt = 0;
  let lines: Record<string, unknown>[];
  const opened: EmbeddedSfu[] = [];
  beforeEach(async () => {
    lines = [];
    lastPacketAt = 0;
    media = createSocket('udp4').on('message', () => {
      lastPacketAt = performance.now();
    });
    media.bind(0, '127.0.0.1');
    await once(media, 'listening');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.stop()));
    media.close();
  });

  const settings = (more: Partial<EmbeddedSfuOptions['settings']> = {}): EmbeddedSfuOptions['settings'] => ({
    ...{ keys: { key: SECRET }, host: '127.0.0.1', port: 0, udpPort: media.address().port },
    ...{ iceServers: [], autoCreate: false, ...more },
  });
  const start = async (more: Partial<EmbeddedSfuOptions> = {}): Promise<EmbeddedSfu> => {
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    const sfu = await startEmbeddedSfu({ settings: settings(), entry: ENTRY, logger, ...more });
    opened.push(sfu);
    return sfu;
  };
  const forwarding = (): Promise<number> => until('media', () => lastPacketAt > 0, 5_000);
  /** A server process with one inside. */
  const startParent = async () => {
    const parent = spawn(process.execPath, [PARENT], { stdio: ['pipe', 'pipe', 'inherit'] });
    parent.stdin.end(JSON.stringify({ entry: ENTRY, settings: settings() }));
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid } = JSON.parse(String(line)) as { pid: number };
    await forwarding();
    return { parent, pid };
  };

  test('[SFW24] wrong settings, a taken port and parts that cannot be put together are told, and leave no child', async () => {
    const refusals: [Partial<EmbeddedSfuOptions['settings']>, RegExp][] = [
      [{ keys: {} }, /cannot start: keys: give 1 to 20/],
      [{ keys: { key: 'short' } }, /cannot start: keys: a secret has at least 16/],
      [{ udpPort: 0 }, /cannot start: udpPort: give a port/],
      [{ advertisedAddress: '192.0.2.1' }, /cannot start: advertisedAddress: nobody is there/],
    ];
    for (const [wrong, reason] of refusals) {
      await expect(start({ settings: settings(wrong) })).rejects.toThrow(reason);
    }
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    await expect(start({ settings: settings({ port }) })).rejects.toThrow(
      /port: cannot listen at .*: it is taken/,
    );
    taken.close();
    await expect(start({ entry: `${ENTRY}.missing` })).rejects.toThrow(/cannot start: it ended \(code 1\)/);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
    expect(children.trim()).toBe('');
  });

  test('[SFW25] nothing secret stands in its arguments or its environment', async () => {
    const { pid } = await start();
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${pid}/${file}`, 'utf8')).not.toContain(SECRET);
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  test('[SFW26] it answers RoomService where it says, and that it is there', async () => {
    const { url, bootId, pid } = await start();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(bootId).toBe(`ND_${pid}`);
    const rooms = new RoomServiceClient(url, 'key', SECRET);
    await rooms.createRoom({ name: 'a' });
    expect((await rooms.listRooms()).map(({ name }) => name)).toEqual(['a']);
    await expect(new RoomServiceClient(url, 'key', `${SECRET}.`).listRooms()).rejects.toMatchObject({
      status: 401,
    });
    const statusOf = (path: string): Promise<number> => fetch(`${url}${path}`).then(({ status }) => status);
    expect([await statusOf('/'), await statusOf('/other')]).toEqual([200, 404]);
  });

  test('[SFW26] it reports what happens in its rooms', async () => {
    const receiver = await startReceiver();
    const { url } = await start({ settings: settings({ webhookUrl: receiver.url }) });
    await new RoomServiceClient(url, 'key', SECRET).createRoom({ name: 'a' });
    await receiver.until((all) => all.length === 1);
    const [report] = receiver.requests;
    const event = await new WebhookReceiver('key', SECRET).receive(
      report?.body ?? '',
      report?.headers.authorization,
    );
    expect(event).toMatchObject({ event: 'room_started', room: { name: 'a' } });
    await receiver.goDown();
  });

  test('[SFW27] kill -9 of its parent ends it, and all forwarding, within a second', async () => {
    const { parent, pid } = await startParent();
    parent.kill('SIGKILL');
    const took = await until('its end', () => isGone(pid), 5_000);
    expect(took).toBeLessThan(1_000);
  });

  test('[SFW28] without a heartbeat for 5 s it stops forwarding and ends', async () => {
    const { parent, pid } = await startParent();
    const paused = performance.now();
    parent.kill('SIGSTOP');
    await until('its end', () => isGone(pid), 10_000);
    const forwarded = lastPacketAt - paused;
    parent.kill('SIGKILL');
    // The last beat was up to half a second before; a busy machine looks late.
    expect(forwarded).toBeGreaterThan(4_300);
    expect(forwarded).toBeLessThan(6_500);
    expect(lastPacketAt).toBeLessThan(performance.now() - 100);
  });

  test('[SFW29] one that was killed is started again at the same address, with another boot id', async () => {
    const boots: string[] = [];
    const sfu = await start({ onBoot: (bootId) => void boots.push(bootId) });
    const { url, bootId: firstBoot, pid } = sfu;
    process.kill(pid as number, 'SIGKILL');
    await until('its end', () => sfu.bootId === undefined, 5_000);
    await until('its next start', () => sfu.bootId !== undefined, 20_000);
    expect(sfu.bootId).not.toBe(firstBoot);
    expect(boots).toEqual([firstBoot, sfu.bootId]);
    expect(sfu.url).toBe(url);
    expect(await new RoomServiceClient(url, 'key', SECRET).listRooms()).toEqual([]);
    expect(lines).toContainEqual(expect.objectContaining({ why: 'SIGKILL' }));
  });

  test('[SFW29] one that answers no heartbeat yet because it is starting is left alone', async () => {
    // Shorter than any start takes, and than the pause between two heartbeats.
    const sfu = await start({ silenceMs: 1 }).catch(() => undefined);
    expect(sfu, 'it was killed while it started').toBeDefined();
  });

  test('[SFW29] one that hangs is killed and started again', async () => {
    const sfu = await start({ silenceMs: 2_500 });
    const { pid, bootId } = sfu;
    process.kill(pid as number, 'SIGSTOP');
    await until('its end', () => isGone(pid as number), 10_000);
    await until('its next start', () => sfu.bootId !== undefined && sfu.bootId !== bootId, 20_000);
  });

  test('[SFW30] stopping leaves no child, also of one that hangs or is just being started again', async () => {
    const sfu = await start();
    const pid = sfu.pid as number;
    await Promise.all([sfu.stop(), sfu.stop()]);
    expect([isGone(pid), sfu.pid]).toEqual([true, undefined]);
    const hanging = await start();
    process.kill(hanging.pid as number, 'SIGSTOP');
    const stopped = hanging.pid as number;
    await hanging.stop();
    expect(isGone(stopped)).toBe(true);
    const restarting = await start();
    process.kill(restarting.pid as number, 'SIGKILL');
    await until('its end', () => restarting.pid === undefined, 5_000);
    await restarting.stop();
    expect(readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim()).toBe('');
  });
});
