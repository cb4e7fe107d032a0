import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createHookClient, type HookClient } from './hook-client.ts';
import type { Resolve } from './resolver.ts';
import type { Outcome } from './schedule.ts';
import { answerWith, type Receiver, startReceiver } from './test-receiver.ts';

let receiver: Receiver;
const clients: HookClient[] = [];
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await receiver.goDown();
});

const post = (
  url: string,
  { resolve = neverAsked, allowPrivate = false }: { resolve?: Resolve; allowPrivate?: boolean } = {},
): Promise<Outcome> => {
  const client = createHookClient({ url, rules: { allowPrivate }, resolve });
  clients.push(client);
  const headers = { 'content-type': 'application/json', 'x-webhook-id': 'w', 'x-webhook-attempt': '1' };
  return client.post({ body: '{"type":"t"}', headers, gzip: false, timeoutMs: 2_000 });
};
const neverAsked: Resolve = (name) => Promise.reject(new Error(`${name} was looked up`));
const answers =
  (...addresses: string[]): Resolve =>
  () =>
    Promise.resolve(addresses);

const named = (name: string): string => receiver.url.replace('127.0.0.1', name);

test.each([
  ...['127.0.0.1', '10.1.2.3', '172.16.5.5', '192.168.0.9', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
  ...['224.0.0.1', '255.255.255.255', '168.63.129.16', '::1', '::', 'fe80::1', 'fd00:ec2::254', 'ff02::1'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '::7f00:1'],
])('[WHK7] a name that DNS says is at %s is not connected to', async (address) => {
  const outcome = await post(named('hook.test'), { resolve: answers(address) });
  expect(outcome).toMatchObject({ kind: 'network', error: expect.stringContaining('not a public address') });
  expect(receiver.requests).toHaveLength(0);
});

test('[WHK7] one refused address among good ones is enough', async () => {
  const outcome = await post(named('hook.test'), { resolve: answers('8.8.8.8', '127.0.0.1') });
  expect(outcome).toMatchObject({ kind: 'network', error: expect.stringContaining('127.0.0.1') });
  expect(receiver.requests).toHaveLength(0);
});

test('[WHK7] a literal address is checked again when it is sent to: the operator may have changed their mind', async () => {
  expect(await post(receiver.url)).toMatchObject({
    kind: 'network',
    error: expect.stringContaining('public'),
  });
  expect(receiver.requests).toHaveLength(0);
});

test('[WHK7] a name without an address is a failure to connect', async () => {
  expect(await post(named('hook.test'), { resolve: answers() })).toMatchObject({
    kind: 'network',
    error: 'hook.test has no address',
  });
});

test('[WHK7] the connection goes to the checked address: a second answer of DNS is never asked for', async () => {
  let asked = 0;
  const resolve: Resolve = async () => {
    asked += 1;
    return asked === 1 ? ['127.0.0.1'] : ['127.0.0.99'];
  };
  const outcome = await post(named('hook.test'), { resolve, allowPrivate: true });
  expect(outcome).toEqual({ kind: 'answered', status: 200, body: 'noted' });
  expect(asked).toBe(1);
  expect(receiver.requests[0]?.headers.host).toBe(new URL(named('hook.test')).host);
});

test('[WHK8] a redirect is an answer and is not followed', async () => {
  const other = await startReceiver();
  receiver.answer = answerWith(307, { location: other.url });
  expect(await post(receiver.url, { allowPrivate: true })).toMatchObject({ kind: 'answered', status: 307 });
  expect(other.requests).toHaveLength(0);
  await other.goDown();
});

test('[WHK22] of an answer 64 KB are read and 1,000 characters kept, whatever the receiver sends', async () => {
  let sent = 0;
  let wasCut = false;
  receiver.answer = (_received, reply) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    reply.writeHead(200, { 'content-length': String(1024 ** 3) });
    const more = (): void => {
      while (!reply.destroyed) {
        sent += chunk.length;
        if (!reply.write(chunk)) return void reply.once('drain', more);
      }
    };
    reply.on('close', () => {
      wasCut = true;
    });
    more();
  };
  const before = process.memoryUsage().rss;
  const outcome = await post(receiver.url, { allowPrivate: true });
  expect(outcome).toMatchObject({ kind: 'answered', status: 200, body: 'x'.repeat(1_000) });
  await expect.poll(() => wasCut).toBe(true);
  // What the sockets of both sides hold; 8 MB where the system is generous.
  expect(sent).toBeLessThan(32 * 1024 * 1024);
  expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
});

test('[WHK22] a head of more than 16 KB is no answer', async () => {
  receiver.answer = answerWith(200, { 'x-long': 'y'.repeat(17 * 1024) });
  expect(await post(receiver.url, { allowPrivate: true })).toMatchObject({ kind: 'network' });
});

test('[WHK22] a receiver that is not there, and one that speaks something else, are failures to connect', async () => {
  const odd = createServer((socket) => socket.resume().end('SSH-2.0-odd\r\n'));
  await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done));
  const { port } = odd.address() as AddressInfo;
  expect(await post(`http://127.0.0.1:${port}/`, { allowPrivate: true })).toMatchObject({ kind: 'network' });
  await new Promise((done) => odd.close(done));
  expect(await post(`http://127.0.0.1:${port}/`, { allowPrivate: true })).toMatchObject({
    kind: 'network',
    error: expect.stringContaining('ECONNREFUSED'),
  });
});

test('[WHK22] a certificate that nobody vouches for is a failure to connect', async () => {
  const url = receiver.url.replace('http:', 'https:');
  expect(await post(url, { allowPrivate: true })).toMatchObject({ kind: 'network' });
  expect(receiver.requests).toHaveLength(0);
});
