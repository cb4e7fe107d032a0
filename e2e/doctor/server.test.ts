import { createHash } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Patient, patient, stranger } from '../../apps/cli/src/doctor/test-doctor.ts';
import { freePort, type RunningServer, startServer } from '../harness/index.ts';
import { type PlainProxy, plainProxy } from './plain-proxy.ts';

/** A server whose disk refuses from SIGUSR2 on. */
const ENTRY = join(import.meta.dirname, '../crash/entry.ts');

let machine: Patient;
let closing: (() => Promise<unknown>)[];
beforeEach(async () => {
  machine = await patient();
  closing = [];
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  machine.discard();
});

/** A server, and a machine with its settings. */
async function running(
  env: Record<string, string> = {},
  entry?: string,
  nodeArgs: string[] = [],
): Promise<RunningServer> {
  const port = Number(machine.env.PORT);
  const server = await startServer({ env, port, nodeArgs, ...(entry && { entry }) });
  closing.push(() => server.discard());
  const { apiKey, apiSecret, dataDir } = server;
  const own = { CALLGATE_DATA_DIR: dataDir, CALLGATE_API_KEY: apiKey, CALLGATE_API_SECRET: apiSecret };
  Object.assign(machine.env, own, env);
  return server;
}
/** A server whose public address is that of a proxy before it. */
async function proxied(
  habits: Parameters<typeof plainProxy>[1],
  env: Record<string, string> = {},
): Promise<PlainProxy> {
  const proxy = await plainProxy(Number(machine.env.PORT), habits);
  closing.push(() => proxy.close());
  await running({ CALLGATE_PUBLIC_URL: proxy.url, ...env });
  return proxy;
}
const told = async (check: string) =>
  (await machine.examine()).of(check).map(({ state, found }) => [state, found]);
const TRUSTED = { CALLGATE_TRUSTED_PROXIES: '127.0.0.1' };

test('[DCT8] a Callgate with another secret, and one with another key, are faults', async () => {
  await running();
  machine.env.CALLGATE_API_SECRET = 'another-one-that-is-long-enough-too';
  expect(await told('api')).toEqual([['fault', expect.stringMatching(/it has another API secret\.$/)]]);
  machine.env.CALLGATE_API_KEY = 'another-key';
  expect(await told('api')).toEqual([['fault', expect.stringMatching(/it has another API key\.$/)]]);
});

test('[DCT9] a server whose disk refuses is a fault', async () => {
  const server = await running({}, ENTRY);
  expect(await told('api')).toEqual([['ok', expect.any(String)]]);
  process.kill(server.pid, 'SIGUSR2');
  await server.api('POST', '/api/v2/users', { body: { users: { sara: { id: 'sara' } } } });
  expect(await told('api')).toEqual([['fault', expect.stringMatching(/its store does not work/)]]);
});

/** Everything in a data folder, by name and digest, but for what SQLite leaves beside a database that it has read. */
const contentOf = (folder: string) =>
  readdirSync(folder).flatMap((name) =>
    name.endsWith('-shm') || sizeOf(folder, name) === 0
      ? []
      : [
          [
            name,
            createHash('sha256')
              .update(readFileSync(join(folder, name)))
              .digest('hex'),
          ],
        ],
  );
const sizeOf = (folder: string, name: string) => statSync(join(folder, name)).size;

test('[DCT5] beside the running server, and without it, all is looked at and nothing changes', async () => {
  const server = await running();
  await server.api('POST', '/api/v2/users', { body: { users: { sara: { id: 'sara' } } } });
  const logs = async () => (await server.api('GET', '/api/v2/moderation/logs')).body.logs;
  const records = await logs();
  const beside = await machine.examine();
  // The secret of these tests is a word.
  const faults = beside.findings.filter(({ state, check }) => state === 'fault' && check !== 'secrets');
  expect(faults).toEqual([]);
  expect(await logs()).toEqual(records);
  await server.stop();
  const files = contentOf(server.dataDir);
  await machine.examine({ stopped: true });
  expect(contentOf(server.dataDir)).toEqual(files);
});

test('[DCT24] the limit of the running server counts', async () => {
  const server = await running();
  const pids: number[] = [];
  machine.machine = {
    ...machine.machine,
    openFiles: async (pid) => {
      pids.push(pid);
      return 100;
    },
  };
  expect(await told('limits')).toEqual([
    ['fault', expect.stringMatching(/^The running server may have 100 files/)],
  ]);
  expect(pids).toEqual([server.pid]);
});

test('[DCT11] a proxy that leads here and passes WebSockets on is fine; and [DCT12] its addresses are believed', async () => {
  await proxied({}, TRUSTED);
  expect(await told('public-url')).toEqual([['ok', expect.stringMatching(/WebSockets included/)]]);
  expect(await told('proxy')).toEqual([['ok', expect.stringMatching(/^Addresses are taken/)]]);
});

test('[DCT11] a proxy that does not pass WebSockets on is a fault', async () => {
  await proxied({ upgrades: false }, TRUSTED);
  expect(await told('public-url')).toEqual([['fault', expect.stringMatching(/does not pass WebSockets on/)]]);
});

test('[DCT11] a proxy that writes another name into Host is a fault', async () => {
  await proxied({ host: 'upstream.internal' }, TRUSTED);
  expect(await told('public-url')).toEqual([
    ['fault', expect.stringMatching(/not lead to this server: it does not accept this name in Host\.$/)],
  ]);
});

test('[DCT11] a name that leads nowhere is a fault', async () => {
  await running({ CALLGATE_PUBLIC_URL: 'https://calls.invalid', ...TRUSTED });
  expect(await told('public-url')).toEqual([
    ['fault', expect.stringMatching(/^https:\/\/calls\.invalid cannot be reached from here: the name/)],
  ]);
});

test('[DCT11] a public address at which nobody, something else or another Callgate answers is a fault', async () => {
  const port = await freePort();
  await running({ CALLGATE_PUBLIC_URL: `http://127.0.0.1:${port}` });
  expect(await told('public-url')).toEqual([
    ['fault', expect.stringMatching(/cannot be reached from here: nobody/)],
  ]);
  const other = await stranger((_request, reply) => reply.writeHead(502).end(), port);
  expect(await told('public-url')).toEqual([
    ['fault', expect.stringMatching(/not lead to this server: the answer is 502/)],
  ]);
  await other.close();
  const another = await startServer({ port, env: { CALLGATE_API_SECRET: 'of-another-server-altogether' } });
  closing.push(() => another.discard());
  expect(await told('public-url')).toEqual([
    ['fault', expect.stringMatching(/not lead to this server: it has another API secret/)],
  ]);
});

test('[DCT12] a proxy that the server does not trust is a fault, and so is one that tells no address', async () => {
  const proxy = await proxied({});
  expect(await told('proxy')).toEqual([
    ['fault', expect.stringMatching(/^X-Forwarded-For came from 1 addresses/)],
  ]);
  await proxy.close();
  const silent = await plainProxy(Number(machine.env.PORT), { tells: false });
  closing.push(() => silent.close());
  Object.assign(machine.env, { CALLGATE_PUBLIC_URL: silent.url });
  expect((await told('proxy'))[0]).toEqual(['fault', expect.stringMatching(/does not tell whose requests/)]);
});

/** Something on the UDP port of the media server that answers, or does not. */
async function onMediaPort(answer: (message: Buffer) => Buffer | undefined): Promise<void> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const reply = answer(message);
    if (reply) socket.send(reply, from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(Number(machine.env.CALLGATE_RTC_PORT), '127.0.0.1', done));
  closing.push(() => new Promise<void>((done) => socket.close(done)));
}
/** A binding success with the transaction of the request, and no attributes. */
const bound = (request: Buffer) => Buffer.concat([Buffer.from([0x01, 0x01, 0, 0]), request.subarray(4, 20)]);

test('[DCT14] a UDP port that another program has is a fault, whether it answers STUN or not', async () => {
  let answers = false;
  // An answer to another question than ours is none.
  const strange = (request: Buffer) => bound(Buffer.concat([request.subarray(0, 8), Buffer.alloc(12)]));
  await onMediaPort((request) => (answers ? bound(request) : strange(request)));
  const silent = ['fault', expect.stringMatching(/^Another program has/)];
  const answering = ['fault', expect.stringMatching(/^Another media server/)];
  expect(await told('media-port')).toEqual([silent]);
  await running();
  expect(await told('media-port')).toEqual([silent]);
  answers = true;
  expect(await told('media-port')).toEqual([answering]);
});

test('[DCT14] where the holder cannot be seen, an answer to STUN is fine and none a warning', async () => {
  let answers = false;
  await onMediaPort((request) => (answers ? bound(request) : undefined));
  const server = await running();
  rmSync(join(server.dataDir, 'callgate.pid'));
  expect(await told('media-port')).toEqual([['warning', expect.stringMatching(/cannot be seen/)]]);
  answers = true;
  expect(await told('media-port')).toEqual([['ok', expect.stringMatching(/^A media server answers/)]]);
});

test('[DCT14] a free port is fine before the start, and until somebody joins', async () => {
  expect(await told('media-port')).toEqual([['ok', expect.stringMatching(/is free for the media server/)]]);
  await running();
  expect(await told('media-port')).toEqual([
    ['ok', expect.stringMatching(/is free; the media server takes it/)],
  ]);
});

test('[DCT14] a port that a child of the running server has is fine', async () => {
  // What the media server inside is: a process of its own that says nothing to strangers and ends with its parent. By an
  // argument of the server alone: a variable of the environment would reach the child too, and its children.
  const child = `require("node:dgram").createSocket("udp4").bind(${machine.env.CALLGATE_RTC_PORT}, "127.0.0.1", () => console.log("bound"));
    process.stdin.on("end", () => process.exit()).resume()`;
  const preload = `import { spawn } from "node:child_process"; import { once } from "node:events";
    const child = spawn(process.execPath, ["-e", ${JSON.stringify(child)}], { stdio: ["pipe", "pipe", "inherit"], env: {} });
    await once(child.stdout, "data");`;
  await running({}, undefined, ['--import', `data:text/javascript,${encodeURIComponent(preload)}`]);
  expect(await told('media-port')).toEqual([
    ['ok', expect.stringMatching(/^The media server of the running server/)],
  ]);
});
