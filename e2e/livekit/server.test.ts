import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { until } from '../clients/counters.ts';
import { LIVEKIT, type LiveKitServer, startLiveKit } from './server.ts';

const servers: LiveKitServer[] = [];

const started = async (...options: Parameters<typeof startLiveKit>): Promise<LiveKitServer> => {
  const server = await startLiveKit(...options);
  servers.push(server);
  return server;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Local addresses of the process's TCP listeners and UDP sockets, as Linux writes them: reversed hex and port. */
function boundAddresses(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [],
    ),
  );
  const LISTENING = '0A';
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(
        ([, , , state, , , , , , inode]) =>
          inode !== undefined && own.has(inode) && (table.startsWith('udp') || state === LISTENING),
      )
      .map(([, address]) => `${table} ${address?.split(':')[0]}`),
  );
}

/** 127.0.0.1 in the tables of `boundAddresses`. */
const LOOPBACK = '0100007F';

if (LIVEKIT !== undefined) {
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.stop();
  });

  test('it answers, is empty, and listens on loopback alone', async () => {
    const server = await started();
    expect(await server.rooms.listRooms()).toEqual([]);
    if (!existsSync('/proc/self/net/tcp')) return;
    expect(boundAddresses(server.pid).sort()).toEqual([`tcp ${LOOPBACK}`, `udp ${LOOPBACK}`]);
  });

  test('killed while it is paused it is gone, and comes back at the same address as another process', async () => {
    const server = await started();
    const { pid, url } = server;
    await server.rooms.createRoom({ name: 'forgotten' });
    server.pause();
    await expect(
      fetch(server.httpUrl, { signal: AbortSignal.timeout(300) }).then(({ ok }) => ok),
    ).rejects.toThrow('timeout');
    await server.restart();
    expect(isAlive(pid)).toBe(false);
    expect(server).toMatchObject({ url });
    expect(server.pid).not.toBe(pid);
    expect(await server.rooms.listRooms()).toEqual([]);
  });

  test('paused and resumed it goes on', async () => {
    const server = await started();
    await server.rooms.createRoom({ name: 'kept' });
    server.pause();
    server.resume();
    expect((await server.rooms.listRooms()).map(({ name }) => name)).toEqual(['kept']);
  });

  test('what does not start is told in its own words', async () => {
    await expect(startLiveKit({ program: '/bin/ls' })).rejects.toThrow('option');
  });

  if (existsSync('/usr/bin/setpriv')) {
    test('it ends with the process that started it, even after SIGKILL', async () => {
      const starter = spawn(
        process.execPath,
        ['--input-type=module', '-e', STARTER, new URL('server.ts', import.meta.url).href],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, CALLGATE_TEST_LIVEKIT: LIVEKIT } },
      );
      const [line] = (await once(starter.stdout, 'data')) as [Buffer];
      const pid = Number(String(line));
      expect(isAlive(pid)).toBe(true);
      starter.kill('SIGKILL');
      await until('it is gone', async () => !isAlive(pid));
    });
  }
}

/** Starts one, tells its process id and waits for its own end. */
const STARTER = `
const { startLiveKit } = await import(process.argv[1]);
console.log((await startLiveKit()).pid);
setInterval(() => {}, 1_000);
`;
