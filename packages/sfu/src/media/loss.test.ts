import { expect, test } from 'vitest';
import { testSeed } from '../../../../scripts/test-counts.ts';
import { writeNack, writeReceiverReport, writeSenderReport } from '../rtcp/write.ts';
import { extend } from '../rtp/sequence.ts';
import { rtpPacket } from '../rtp/test-packets.ts';
import { randomNumbers } from '../rtp/test-random.ts';
import { camera, type Member, microphone, Stage, Stream, seen, sentAs } from './test-stage.ts';
import { UplinkLimit } from './uplink-limit.ts';

const SSRC = 7;
const HELLO = { ssrc: SSRC, extensions: { 1: '0' } };

function pair(): { stage: Stage; from: Member; to: Member; stream: Stream } {
  const stage = new Stage();
  const from = stage.member();
  const to = stage.member();
  from.peer.receive(camera());
  to.peer.send(sentAs('TR_camera'), from.peer);
  return { stage, from, to, stream: new Stream(from.peer, HELLO) };
}

test('[SFM15] a source is asked for key frames 300 ms apart; what is asked for between is remembered', () => {
  const { stage, from, to, stream } = pair();
  stream.key();
  const lose = (): void => to.peer.onRtcp(pli(0x5000));
  const asked = (): number => from.transport.takeOf('key-frame-request').length;
  for (let times = 0; times < 10; times++) lose();
  expect(asked()).toBe(1);
  stage.clock.advance(299);
  stream.frame();
  expect(asked()).toBe(0);
  stage.clock.advance(1);
  stream.frame();
  expect(asked()).toBe(1);
  lose();
  stage.clock.advance(700);
  expect(asked(), 'without a packet too').toBe(1);
  lose();
  stream.key();
  stage.clock.advance(1_000);
  expect(asked(), 'a key frame came meanwhile').toBe(0);
  to.peer.onRtcp(pli(0x9999));
  expect(asked(), 'nobody is sent that').toBe(0);
});

test('[SFM18] packets that a subscriber misses are sent again as they were, over a switch of numbers too', () => {
  const { stage, from, to, stream } = pair();
  stream.key();
  stream.frame();
  to.peer.setWish('TR_camera', { disabled: true, quality: 2 });
  stream.frame();
  stage.clock.advance(100);
  to.peer.setWish('TR_camera', { disabled: false, quality: 2 });
  stream.key();
  const first = to.transport.takeRaw();
  expect(first).toHaveLength(3);
  to.peer.onRtcp(
    writeNack(
      1,
      0x5000,
      first.map((packet) => seen(packet).sequence),
    ),
  );
  expect(to.transport.takeRaw()).toEqual(first);
  const last = seen(first[2] ?? Buffer.alloc(0)).sequence;
  to.peer.onRtcp(
    writeNack(
      1,
      0x5000,
      [last + 1, last - 3, last + 0x8000].map((number) => number & 0xffff),
    ),
  );
  to.peer.onRtcp(writeNack(1, 0x5001, [last]));
  expect(to.transport.take()).toEqual([]);
  from.peer.setMuted('TR_camera', true);
});

test('[SFM18] the last 1,024 packets are held, and 1,000 are sent again in half a second at most', () => {
  const { stage, to, stream } = pair();
  stream.key();
  for (let count = 0; count < 1_024; count++) stream.frame();
  const sequences = to.transport.take().map(({ sequence }) => sequence);
  to.peer.onRtcp(writeNack(1, 0x5000, sequences.slice(0, 1)));
  expect(to.transport.take()).toHaveLength(0);
  to.peer.onRtcp(writeNack(1, 0x5000, sequences.slice(1, 1_002)));
  expect(to.transport.take()).toHaveLength(1_000);
  to.peer.onRtcp(writeNack(1, 0x5000, sequences.slice(-1)));
  expect(to.transport.take()).toHaveLength(0);
  stage.clock.advance(500);
  to.peer.onRtcp(writeNack(1, 0x5000, sequences.slice(-1)));
  expect(to.transport.take()).toHaveLength(1);
});

test('[SFM19] what is missing of a picture that somebody is sent is asked for at once, then every 60 ms, 10 times', () => {
  const { stage, from, stream } = pair();
  stream.key();
  const lost = [stream.next(), stream.next(), stream.next()];
  stream.frame();
  const missing = lost.map((packet) => seen(packet).sequence);
  expect(from.transport.takeOf('nack')).toEqual([{ type: 'nack', ssrc: SSRC, sequences: missing }]);
  from.peer.onRtp(lost[1] ?? Buffer.alloc(0));
  const asked: number[][] = [];
  for (let step = 0; step < 100; step++) {
    stage.clock.advance(10);
    stream.frame();
    asked.push(...from.transport.takeOf('nack').map(({ sequences }) => [...sequences]));
  }
  expect(asked).toEqual(Array.from({ length: 9 }, () => [missing[0], missing[2]]));
});

test('[SFM19] nothing is asked for again of a picture that nobody is sent, nor of sound', () => {
  const { from, to, stream } = pair();
  stream.key();
  to.peer.stopSending('TR_camera');
  stream.frame();
  stream.next();
  stream.frame();
  from.peer.receive(microphone({ ssrcs: [8] }));
  to.peer.send(sentAs('TR_mic', { ssrc: 0x5001 }), from.peer);
  for (const sequence of [1, 5]) from.peer.onRtp(rtpPacket({ ssrc: 8, payloadType: 111, sequence }));
  expect(to.transport.take().at(-1)).toMatchObject({ ssrc: 0x5001 });
  expect(from.transport.takeOf('nack')).toEqual([]);
});

test('[SFM19] a gap of more than 256 packets takes a key frame', () => {
  const { from, stream } = pair();
  stream.key();
  for (let count = 0; count < 257; count++) stream.next();
  stream.frame();
  const asked = from.transport.takeRtcp();
  expect(asked.map(({ type }) => type)).toEqual(['key-frame-request']);
});

test('[SFM20] a publisher is told every 500 ms what came and how much may', () => {
  const { stage, from, stream } = pair();
  stage.clock.advance(1_000);
  expect(from.transport.takeRtcp(), 'before anything came').toEqual([]);
  stream.sequence = 65_535;
  stream.key();
  stream.frame();
  stream.next();
  stream.frame();
  from.transport.takeRtcp();
  from.peer.onRtcp(writeSenderReport({ ...REPORT, ssrc: SSRC }));
  stage.clock.advance(500);
  const [report, remb, ...others] = from.transport.takeRtcp().filter(({ type }) => type !== 'nack');
  expect(remb).toEqual({ type: 'remb', bitsPerSecond: expect.any(Number) });
  expect(remb?.type === 'remb' && remb.bitsPerSecond).toBeGreaterThan(2_999_000);
  expect(others).toEqual([]);
  expect(report).toMatchObject({
    type: 'receiver-report',
    blocks: [
      {
        ...{ ssrc: SSRC, fractionLost: 64, lost: 1, highest: 65_538 },
        ...{ lastReport: 0x00030004, sinceLastReport: 32_768 },
      },
    ],
  });
  stage.clock.advance(4_000);
  from.transport.takeRtcp();
  stage.clock.advance(500);
  expect(from.transport.takeOf('receiver-report'), 'when nothing comes any more').toEqual([]);
});

test('[SFM20] a tenth lost lowers what a publisher may send at once, and without loss it rises again', () => {
  const limit = new UplinkLimit(3_000_000);
  const at = (expected: number, inOrder: number): number => limit.update({ expected, inOrder }, 1_000_000);
  expect(at(100, 95)).toBe(3_000_000);
  expect(at(100, 80)).toBe(1_080_000);
  expect(at(100, 95), 'some loss changes nothing').toBe(1_080_000);
  expect(at(10, 0), 'too few to judge').toBe(1_080_000);
  expect(at(190, 190), 'judged together').toBe(1_080_000);
  expect(at(100, 100)).toBe(1_166_400);
  for (let rounds = 0; rounds < 50; rounds++) at(100, 0);
  expect(at(100, 0)).toBe(100_000);
  for (let rounds = 0; rounds < 50; rounds++) at(100, 100);
  expect(at(100, 100)).toBe(3_000_000);
});

test('[SFM20] loss on the way in lowers REMB', () => {
  const { stage, from, stream } = pair();
  stream.key();
  for (let frame = 0; frame < 300; frame++) {
    stage.clock.advance(10);
    if (frame % 5 === 0) stream.next();
    else stream.frame({ bytes: 1_000 });
  }
  const last = from.transport.takeOf('remb').at(-1)?.bitsPerSecond ?? 0;
  expect(last).toBeLessThan(1_000_000);
  expect(last).toBeGreaterThanOrEqual(99_000);
});

test('[SFM23] the loss that a subscriber reports is told for 10 s', () => {
  const { stage, to } = pair();
  const report = (highest: number, fractionLost: number, ssrc = 0x5000): void =>
    to.peer.onRtcp(
      writeReceiverReport(1, [
        { ...{ ssrc, highest, fractionLost, lost: 0, jitter: 0 }, ...{ lastReport: 0, sinceLastReport: 0 } },
      ]),
    );
  expect(to.peer.lossSeen()).toBe(0);
  report(0xffffff9c, 255);
  expect(to.peer.lossSeen(), 'the first report has nothing to be compared with').toBe(0);
  report(0, 128);
  report(100, 0);
  report(1_000, 255, 0x9999);
  expect(to.peer.lossSeen()).toBe(0.25);
  report(90, 255);
  report(90_000_000, 255);
  expect(to.peer.lossSeen(), 'reports of another stream').toBe(0.25);
  stage.clock.advance(11_000);
  expect(to.peer.lossSeen()).toBe(0);
});

/** A link that loses packets: five in a hundred, never the same ones twice by design. */
const lossy = (random: (below: number) => number): boolean => random(100) < 5;

/** One minute of a camera over two links that lose 5 % each way, RTCP arriving 20 ms later. What the subscriber lacks at the end. */
function overLossyLinks({ isMended }: { isMended: boolean }): {
  lacking: number;
  lost: number;
  total: number;
} {
  const { stage, from, to, stream } = pair();
  const random = randomNumbers(testSeed());
  const sent = new Map<number, Buffer>();
  const got = new Set<number>();
  const later: { at: number; task: () => void }[] = [];
  let highest: number | undefined;
  let first: number | undefined;
  let lost = 0;
  const loses = (): boolean => {
    const isLost = lossy(random);
    if (isLost) lost++;
    return isLost;
  };
  const soon = (task: () => void): void => void later.push({ at: stage.clock.now() + 20, task });
  to.transport.onRtp = (packet) => {
    if (highest !== undefined && loses()) return;
    const number = extend(highest ?? seen(packet).sequence, seen(packet).sequence);
    first ??= number;
    highest = Math.max(highest ?? number, number);
    got.add(number);
  };
  const complain = (): void => {
    const missing: number[] = [];
    for (let number = Math.max(first ?? 0, (highest ?? 0) - 500); number < (highest ?? 0); number++)
      if (!got.has(number)) missing.push(number & 0xffff);
    if (missing.length > 0) soon(() => to.peer.onRtcp(writeNack(1, 0x5000, missing)));
  };
  const mend = (): void => {
    for (const { sequences } of from.transport.takeOf('nack'))
      for (const sequence of sequences) {
        const packet = sent.get(sequence);
        if (packet) soon(() => void (loses() || from.peer.onRtp(packet)));
      }
  };
  stream.key();
  for (let frame = 0; frame < 1_800; frame++) {
    for (let packets = 0; packets < 4; packets++) {
      const packet = stream.next();
      sent.set(seen(packet).sequence, packet);
      if (!loses()) from.peer.onRtp(packet);
    }
    stage.clock.advance(33);
    const due = later.filter(({ at }) => at <= stage.clock.now());
    later.splice(0, later.length, ...later.filter((one) => !due.includes(one)));
    for (const { task } of due) task();
    if (isMended) complain();
    if (isMended) mend();
  }
  // What was lost in the last half second is still being mended.
  const end = (highest ?? 0) - 60;
  let lacking = 0;
  for (let number = first ?? 0; number < end; number++) if (!got.has(number)) lacking++;
  return { lacking, lost, total: end - (first ?? 0) };
}

test('[SFM24] over links that lose 5 % each, NACK brings every packet; without it a tenth is missing', () => {
  const bare = overLossyLinks({ isMended: false });
  expect(bare.lacking / bare.total).toBeGreaterThan(0.08);
  const mended = overLossyLinks({ isMended: true });
  expect(mended.lost / mended.total).toBeGreaterThan(0.08);
  expect(mended.total).toBeGreaterThan(7_000);
  expect(mended.lacking).toBe(0);
});

const REPORT = { ntpSeconds: 3, ntpFraction: 0x00040000, rtpTimestamp: 5, packets: 6, bytes: 7 };
const pli = (ssrc: number): Buffer => {
  const packet = Buffer.from([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
};
