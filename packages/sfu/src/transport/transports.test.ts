import { createSocket, type Socket } from 'node:dgram';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { writePli } from '../rtcp/write.ts';
import { rtpPacket } from '../rtp/test-packets.ts';
import { createTransports, DEFAULT_LISTEN_OPTIONS, endTransports } from './create-transports.ts';
import { MAX_IN_TURN } from './pipe-transport.ts';
import { TestClient } from './test-client.ts';
import { freeUdpPort } from './test-port.ts';
import type { LocalParameters, RemoteParameters, Transport, Transports } from './transport.ts';

/** Each test has a port of its own: the library gives one back some time after it was closed. */
let port = 0;
beforeEach(async () => {
  port = await freeUdpPort();
});
const made: Transports[] = [];
const clients: TestClient[] = [];
const ears: Socket[] = [];
afterEach(() => {
  for (const one of ears.splice(0)) one.close();
  for (const one of made.splice(0)) one.close();
  for (const one of clients.splice(0)) one.close();
});
afterAll(endTransports);

const listening = (options: Partial<typeof DEFAULT_LISTEN_OPTIONS> = {}): Transports => {
  const transports = createTransports({
    ...DEFAULT_LISTEN_OPTIONS,
    bindAddress: '127.0.0.1',
    port,
    ...options,
  });
  made.push(transports);
  return transports;
};

interface Side {
  transport: Transport;
  reports: string[];
  rtp: Buffer[];
  rtcp: Buffer[];
}

function side(transports = listening()): Side {
  const reports: string[] = [];
  const rtp: Buffer[] = [];
  const rtcp: Buffer[] = [];
  const transport = transports.create({
    onOpen: () => void reports.push('open'),
    onClosed: () => void reports.push('closed'),
    onRtp: (packet) => void rtp.push(packet),
    onRtcp: (packet) => void rtcp.push(packet),
    onData: (label, message) => void reports.push(`${label} ${Buffer.from(message)}`),
  });
  return { transport, reports, rtp, rtcp };
}

const client = ({ data = true, media = true } = {}): TestClient => {
  const one = new TestClient();
  clients.push(one);
  if (media) one.addMedia();
  if (data) one.addData('_reliable');
  return one;
};

/** A client whose offer the transport took, both open. */
async function connect(
  to: Side,
  one = client(),
): Promise<{ one: TestClient; offer: RemoteParameters; local: LocalParameters }> {
  const offer = one.offer();
  const local = await to.transport.accept(offer);
  one.answered(local);
  await vi.waitFor(() => expect([to.reports[0], one.state]).toEqual(['open', 'connected']), WAIT);
  return { one, offer, local };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const WAIT = { timeout: 30_000, interval: 5 };

test('[SFM30] parameters that could bring lines of their own into a description are refused, naming the field', async () => {
  const { transport, reports } = side();
  const good = { ...client().offer() };
  const bad: Partial<Record<keyof RemoteParameters, string>>[] = [
    ...[{ ufrag: 'abc' }, { ufrag: 'abcd\r\na=x' }, { pwd: 'short' }, { pwd: `${'p'.repeat(22)}\n` }],
    ...[{ fingerprint: 'sha-256 AB' }, { fingerprint: good.fingerprint.replace('sha-256', 'md5') }],
    ...[{ setup: 'holdconn' }, { ufrag: 'u'.repeat(257) }],
  ];
  for (const change of bad) {
    const [field] = Object.keys(change);
    const remote = { ...good, ...change } as RemoteParameters;
    await expect(transport.accept(remote), field).rejects.toThrow(new RegExp(`^${field} `));
    expect(() => transport.answered(remote), field).toThrow(TypeError);
  }
  expect(reports).toEqual([]);
});

test('[SFM31] packets of any source, payload type and section come through, RTCP apart from RTP', async () => {
  const to = side();
  const { one } = await connect(to);
  const packets = [
    rtpPacket({ ssrc: 1, payloadType: 96 }),
    rtpPacket({ ssrc: 0xfffffffe, payloadType: 111, marker: true }),
  ];
  for (const packet of packets) one.send(packet);
  one.send(writePli(1, 2));
  await vi.waitFor(() => expect([to.rtp.length, to.rtcp.length]).toEqual([2, 1]), WAIT);
  expect(to.rtp).toEqual(packets);
  for (const packet of packets) expect(to.transport.sendRtp(packet)).toBe(true);
  expect(to.transport.sendRtcp(writePli(3, 4))).toBe(true);
  await vi.waitFor(() => expect([one.rtp, one.rtcp]).toEqual([packets, [writePli(3, 4)]]), WAIT);
});

test('[SFM31] a packet is sent as it is at that moment: its bytes are the caller’s again at once', async () => {
  const to = side();
  const { one } = await connect(to);
  const packet = rtpPacket({ sequence: 1 });
  to.transport.sendRtp(packet);
  packet.writeUInt16BE(2, 2);
  to.transport.sendRtp(packet);
  await vi.waitFor(() => expect(one.rtp.map((each) => each.readUInt16BE(2))).toEqual([1, 2]), WAIT);
});

test('[SFM32] a port that is taken, and an address that is not ours, are refused at the start, and the port is held from then on', async () => {
  const taken = createSocket('udp4');
  await new Promise<void>((done) => taken.bind(port, '127.0.0.1', done));
  expect(() => listening()).toThrow(`UDP port ${port} of 127.0.0.1 cannot be bound`);
  await new Promise<void>((done) => taken.close(() => done()));
  expect(() => listening({ bindAddress: '203.0.113.9' })).toThrow(/cannot be bound/);
  const transports = listening();
  const to = side(transports);
  await connect(to);
  to.transport.close();
  const late = createSocket('udp4');
  const code = await new Promise((done) => {
    late.on('error', (error) => done('code' in error && error.code));
    late.bind(port, '127.0.0.1', () => done('bound'));
  });
  expect(code).toBe('EADDRINUSE');
});

test('[SFM32] all connections share one port, and clients need tell no addresses of theirs', async () => {
  const transports = listening();
  const sides = [side(transports), side(transports), side(transports)];
  const connected = await Promise.all(sides.map((each) => connect(each)));
  const ports = connected.flatMap(({ local }) => local.candidates.map((line) => line.split(' ')[5]));
  expect(new Set(ports)).toEqual(new Set([`${port}`]));
  for (const [place, { one }] of connected.entries()) one.send(rtpPacket({ ssrc: place + 1 }));
  await vi.waitFor(() => expect(sides.map(({ rtp }) => rtp[0]?.readUInt32BE(8))).toEqual([1, 2, 3]), WAIT);
});

test('[SFM32] the address of binding is the one that is told; the advertised one is told in front of it', async () => {
  const { transport } = side(listening({ advertisedAddress: '192.0.2.7' }));
  const { candidates } = await transport.accept(client().offer());
  expect(candidates).toHaveLength(2);
  expect(candidates[0]).toBe(`candidate:advertised 1 UDP 2130706431 192.0.2.7 ${port} typ host`);
  expect(candidates[1]).toMatch(new RegExp(`^candidate:1 1 UDP \\d+ 127\\.0\\.0\\.1 ${port} typ host$`));
});

/** What arrives at a UDP port of 127.0.0.<last>, and its candidate line. */
async function ear(last: number) {
  const socket = createSocket('udp4');
  ears.push(socket);
  let packets = 0;
  socket.on('message', () => {
    packets += 1;
  });
  await new Promise<void>((done) => socket.bind(0, `127.0.0.${last}`, done));
  const { address, port: at } = socket.address();
  const line = (host = address) => `candidate:1 1 UDP 2122252543 ${host} ${at} typ host`;
  return { line, heard: () => packets };
}

test('[SFM39] bound to the loopback it knocks at the addresses of this machine that a client names, and at no others', async () => {
  const [own, hidden, second, wide, misnamed] = [
    await ear(1),
    await ear(1),
    await ear(1),
    await ear(1),
    await ear(1),
  ];
  const other = await ear(2);
  const open = side(listening({ bindAddress: undefined, port: await freeUdpPort() }));
  const { transport } = side();
  const early = own.line();
  transport.hear(early);
  await open.transport.accept(client().offer());
  await transport.accept(client().offer());
  open.transport.hear(wide.line());
  transport.hear(other.line());
  transport.hear(misnamed.line('127.0.0.2'));
  transport.hear(second.line().replace(' 1 UDP', ' 2 UDP'));
  for (const line of ['', 'candidate:', 'candidate:1 1 UDP 1 127.0.0.1 80 typ host', `${second.line()}x`])
    transport.hear(line);
  transport.hear(hidden.line('2f3a.local'));
  // Each is knocked at again and again: a third time takes longer than a first one of the others would.
  await vi.waitFor(() => expect(Math.min(own.heard(), hidden.heard())).toBeGreaterThan(2), WAIT);
  expect([other, second, wide, misnamed].map(({ heard }) => heard())).toEqual([0, 0, 0, 0]);
});

test('[SFM39] it tries at most 16 candidates of a client, and none once it is closed', async () => {
  const transports = listening();
  const [{ transport }, { transport: closed }] = [side(transports), side(transports)];
  const [ears, unheard] = [await Promise.all(Array.from({ length: 18 }, () => ear(1))), await ear(1)];
  await transport.accept(client().offer());
  await closed.accept(client().offer());
  closed.close();
  closed.hear(unheard.line());
  for (const { line } of ears) transport.hear(line());
  await vi.waitFor(() => expect(ears.filter(({ heard }) => heard() > 1)).toHaveLength(16), WAIT);
  expect([...ears.slice(16), unheard].map(({ heard }) => heard())).toEqual([0, 0, 0]);
});

test('[SFM33] a later offer, with other ICE parameters too, is answered with the same, and the connection goes on', async () => {
  const to = side();
  const { one, offer, local } = await connect(to);
  expect(await to.transport.accept(offer)).toEqual(local);
  expect(await to.transport.accept({ ...offer, ufrag: 'restarted', pwd: 'x'.repeat(24) })).toEqual(local);
  one.send(rtpPacket({ ssrc: 9 }));
  await vi.waitFor(() => expect(to.rtp).toHaveLength(1), WAIT);
  expect(to.reports).toEqual(['open']);
});

test('[SFM33] what an open connection cannot take up is refused: another fingerprint, data that come later', async () => {
  const to = side();
  const { one, offer } = await connect(to, client({ data: false }));
  const other = offer.fingerprint.replace(/..$/, (end) => (end === '00' ? '01' : '00'));
  await expect(to.transport.accept({ ...offer, fingerprint: other })).rejects.toThrow(/^fingerprint /);
  await expect(to.transport.accept({ ...offer, hasData: true })).rejects.toThrow(/first offer/);
  one.send(rtpPacket({}));
  await vi.waitFor(() => expect(to.rtp).toHaveLength(1), WAIT);
});

test('[SFM34] data come and go on the channels that the client opened, and others are passed over', async () => {
  const to = side();
  const one = client();
  one.addData('_lossy');
  one.addData('other');
  expect(to.transport.sendData('_reliable', Buffer.from('early'))).toBe(false);
  await connect(to, one);
  await vi.waitFor(() => expect(to.transport.sendData('_lossy', Buffer.from('b'))).toBe(true), WAIT);
  await vi.waitFor(() => expect(to.transport.sendData('_reliable', Buffer.from('a'))).toBe(true), WAIT);
  await vi.waitFor(() => expect(one.data).toHaveLength(2), WAIT);
  expect(one.data).toEqual(
    expect.arrayContaining([
      { label: '_reliable', text: 'a' },
      { label: '_lossy', text: 'b' },
    ]),
  );
  await vi.waitFor(() => expect([...one.channels.values()].every((each) => each.isOpen())).toBe(true), WAIT);
  one.channels.get('other')?.sendMessageBinary(Buffer.from('x'));
  one.channels.get('_reliable')?.sendMessage('a text is no packet');
  one.channels.get('_reliable')?.sendMessageBinary(Buffer.from('c'));
  await vi.waitFor(() => expect(to.reports).toEqual(['open', '_reliable c']), WAIT);
});

test('[SFM34] a client that offers data alone is connected, too', async () => {
  const to = side();
  const { one } = await connect(to, client({ media: false }));
  await vi.waitFor(() => expect(to.transport.sendData('_reliable', Buffer.from('a'))).toBe(true), WAIT);
  await vi.waitFor(() => expect(one.data).toHaveLength(1), WAIT);
});

test('[SFM34] what waits in a channel is bounded: more than 1 MB is refused, and what fits arrives', async () => {
  const to = side();
  const { one } = await connect(to);
  const piece = Buffer.alloc(60_000, 1);
  await vi.waitFor(() => expect(to.transport.sendData('_reliable', Buffer.from('first'))).toBe(true), WAIT);
  let taken = 0;
  while (taken < 1_000 && to.transport.sendData('_reliable', piece)) taken++;
  expect(taken).toBeLessThan(1_000);
  expect(taken).toBeGreaterThanOrEqual(Math.floor(1_048_576 / piece.length));
  await vi.waitFor(() => expect(one.data).toHaveLength(taken + 1), WAIT);
  expect(to.transport.sendData('_reliable', Buffer.alloc(1_048_577))).toBe(false);
  expect(to.transport.sendData('_reliable', piece)).toBe(true);
});

test('[SFM35] our own offer opens media and both channels', async () => {
  const to = side();
  const one = new TestClient();
  clients.push(one);
  const local = await to.transport.offer();
  expect(local.setup).toBe('actpass');
  expect(await to.transport.offer(), 'the same again').toEqual(local);
  await expect(to.transport.accept(client().offer())).rejects.toThrow('began with an offer');
  to.transport.answered(one.answer(local));
  await vi.waitFor(() => expect([...one.channels.keys()].sort()).toEqual(['_lossy', '_reliable']), WAIT);
  await vi.waitFor(() => expect(to.transport.sendData('_reliable', Buffer.from('a'))).toBe(true), WAIT);
  expect(to.transport.sendRtp(rtpPacket({ ssrc: 5 }))).toBe(true);
  await vi.waitFor(() => expect([one.rtp.length, one.data.length]).toEqual([1, 1]), WAIT);
  one.send(writePli(1, 5));
  await vi.waitFor(() => expect(to.rtcp).toHaveLength(1), WAIT);
});

test('[SFM36] after close nothing is sent or reported, nothing throws, and the client notices', async () => {
  const to = side();
  const { one, offer } = await connect(to);
  to.transport.close();
  expect(to.reports).toEqual(['open', 'closed']);
  expect(to.transport.sendRtp(rtpPacket({}))).toBe(false);
  expect(to.transport.sendRtcp(writePli(1, 2))).toBe(false);
  expect(to.transport.sendData('_reliable', Buffer.from('x'))).toBe(false);
  await expect(to.transport.accept(offer)).rejects.toThrow('closed');
  await expect(to.transport.offer()).rejects.toThrow('closed');
  to.transport.answered(offer);
  to.transport.close();
  for (let count = 0; count < 50; count++) one.send(rtpPacket({}));
  await vi.waitFor(() => expect(one.state).toBe('closed'), WAIT);
  expect([one.rtp, to.rtp, to.reports]).toEqual([[], [], ['open', 'closed']]);
});

test('[SFM36] a client that leaves, and one that never comes, are reported as closed, once', async () => {
  const to = side();
  const { one } = await connect(to);
  one.close();
  await vi.waitFor(() => expect(to.reports).toEqual(['open', 'closed']), WAIT);
  const alone = side(listening({ openWithinMs: 50, port: await freeUdpPort() }));
  await alone.transport.accept(client().offer());
  await vi.waitFor(() => expect(alone.reports).toEqual(['closed']), WAIT);
});

test('[SFM36] closing all closes each, those that are not open yet too', async () => {
  const transports = listening();
  const [opened, waiting, fresh] = [side(transports), side(transports), side(transports)];
  await connect(opened);
  const accepted = waiting.transport.accept(client().offer());
  transports.close();
  await Promise.allSettled([accepted]);
  expect([opened, waiting, fresh].map(({ reports }) => reports.at(-1))).toEqual([
    'closed',
    'closed',
    'closed',
  ]);
});

test('[SFM37] what nobody names is not collected: packets come after the collector ran', async () => {
  const to = side();
  const { one } = await connect(to);
  for (let count = 0; count < 3; count++) {
    collect();
    await new Promise(setImmediate);
  }
  one.send(rtpPacket({ ssrc: 3 }));
  await vi.waitFor(() => expect(to.rtp).toHaveLength(1), WAIT);
  await vi.waitFor(() => expect(to.transport.sendData('_reliable', Buffer.from('x'))).toBe(true), WAIT);
});

test('[SFM38] of what waited while the process was held up 256 packets are handed over, and what comes later as ever', async () => {
  const to = side();
  const { one } = await connect(to);
  for (let sequence = 0; sequence < 600; sequence++) one.send(rtpPacket({ sequence }));
  // Held up for so long that the library has most of them in its queue.
  for (const until = performance.now() + 500; performance.now() < until; );
  await vi.waitFor(() => expect(to.rtp.length).toBeGreaterThan(0), WAIT);
  one.send(rtpPacket({ sequence: 9_999 }));
  await vi.waitFor(() => expect(to.rtp.at(-1)?.readUInt16BE(2)).toBe(9_999), WAIT);
  expect(to.rtp.length).toBeGreaterThan(MAX_IN_TURN);
  expect(to.rtp.length, 'in two turns at most').toBeLessThanOrEqual(2 * MAX_IN_TURN + 1);
});
