import { afterAll, expect, test, vi } from 'vitest';
import { readRtcp } from '../rtcp/read.ts';
import { writeNack } from '../rtcp/write.ts';
import { rtpPacket, vp8Payload } from '../rtp/test-packets.ts';
import { createTransports, DEFAULT_LISTEN_OPTIONS, endTransports } from '../transport/create-transports.ts';
import { TestClient } from '../transport/test-client.ts';
import { freeUdpPort } from '../transport/test-port.ts';
import type { Transport } from '../transport/transport.ts';
import { createMediaPeer, DEFAULT_MEDIA_OPTIONS } from './create-media-peer.ts';
import { mediaClock } from './media-clock.ts';
import type { MediaPeer } from './media-peer.ts';
import { camera, type SeenPacket, seen, sentAs } from './test-stage.ts';

const WAIT = { timeout: 30_000, interval: 5 };
const SSRC = 7;
const transports = createTransports({
  ...DEFAULT_LISTEN_OPTIONS,
  bindAddress: '127.0.0.1',
  port: await freeUdpPort(),
});
const clock = mediaClock(() => performance.now());
const peers: MediaPeer[] = [];
afterAll(() => {
  for (const peer of peers) peer.close();
  transports.close();
  endTransports();
});

/** A client of libdatachannel's, connected to a peer of ours. */
async function member(
  lossy = (transport: Transport): Transport => transport,
): Promise<{ client: TestClient; peer: MediaPeer; transport: Transport }> {
  const client = new TestClient();
  client.addMedia();
  const peer = createMediaPeer(DEFAULT_MEDIA_OPTIONS, { onFlood: () => undefined }, clock);
  peers.push(peer);
  const transport = transports.create({
    onOpen: () => peer.attachPublisher(lossy(transport)),
    onClosed: () => peer.close(),
    onRtp: (packet) => peer.onRtp(packet),
    onRtcp: (packet) => peer.onRtcp(packet),
    onData: () => undefined,
  });
  client.answered(await transport.accept(client.offer()));
  await vi.waitFor(() => expect(client.state).toBe('connected'), WAIT);
  return { client, peer, transport };
}

/** Loses each twentieth packet that is sent through it, the ones that are sent again among them. */
function losing(transport: Transport): Transport {
  let sent = 0;
  return {
    accept: (remote) => transport.accept(remote),
    offer: () => transport.offer(),
    answered: (remote) => transport.answered(remote),
    hear: (candidate) => transport.hear(candidate),
    sendRtp: (packet) => ++sent % 20 === 0 || transport.sendRtp(packet),
    sendRtcp: (packet) => transport.sendRtcp(packet),
    sendData: (label, message) => transport.sendData(label, message),
    close: () => transport.close(),
  };
}

/** Numbers that are missing between the first and the last. */
function lacking(got: readonly SeenPacket[]): number[] {
  const numbers = new Set(got.map(({ sequence }) => sequence));
  const first = got[0]?.sequence ?? 0;
  const last = got.reduce((most, { sequence }) => Math.max(most, (sequence - first) & 0xffff), 0);
  return Array.from({ length: last }, (_, at) => (first + at) & 0xffff).filter(
    (number) => !numbers.has(number),
  );
}

/** Sends a frame every 2 ms, key frames where one is asked for, until it is told to stop. */
function film(client: TestClient): () => void {
  let number = 65_500;
  const timer = setInterval(() => {
    const asked = client.rtcp.splice(0).flatMap((packet) => readRtcp(packet) ?? []);
    const isKey = asked.some(({ type }) => type === 'key-frame-request');
    const payload = vp8Payload({ isKey, picture: number & 0x7fff });
    client.send(rtpPacket({ ssrc: SSRC, sequence: number, timestamp: number * 180, payload }));
    number++;
  }, 2);
  return () => clearInterval(timer);
}

test('[SFM27] over real connections a picture flows, is mended, ends with a mute in the same tick, and goes on', async () => {
  const from = await member();
  const to = await member(losing);
  const got: SeenPacket[] = [];
  to.client.onRtp = (packet) => void got.push(seen(packet));
  from.peer.receive(camera({ ssrcs: [SSRC] }));
  to.peer.send(sentAs('TR_camera'), from.peer);
  const cut = film(from.client);
  await vi.waitFor(() => expect(got.length).toBeGreaterThan(100), WAIT);
  expect(got[0]).toMatchObject({ isKeyStart: true, ssrc: 0x5000, payloadType: 120 });

  expect(lacking(got).length).toBeGreaterThanOrEqual(4);
  const complain = setInterval(() => {
    const missing = lacking(got);
    if (missing.length > 0) to.client.send(writeNack(1, 0x5000, missing));
  }, 20);
  await vi.waitFor(() => expect([got.length > 200, lacking(got)]).toEqual([true, []]), WAIT);

  from.peer.setMuted('TR_camera', true);
  const atMute = to.peer.sent('TR_camera')?.packets;
  const received = from.peer.received('TR_camera')?.packets ?? 0;
  await vi.waitFor(
    () => expect(from.peer.received('TR_camera')?.packets).toBeGreaterThan(received + 50),
    WAIT,
  );
  expect(to.peer.sent('TR_camera')?.packets).toBe(atMute);
  const heard = got.length;
  expect(heard).toBeLessThanOrEqual(atMute ?? 0);

  from.peer.setMuted('TR_camera', false);
  await vi.waitFor(() => expect(got.length).toBeGreaterThan(heard + 50), WAIT);
  expect(got[heard]?.isKeyStart).toBe(true);
  clearInterval(complain);
  cut();
  from.transport.close();
  expect(from.peer.received('TR_camera')).toBeUndefined();
});
