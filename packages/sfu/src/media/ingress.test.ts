import { expect, test } from 'vitest';
import { writeNack, writePli, writeReceiverReport, writeRemb, writeSenderReport } from '../rtcp/write.ts';
import { rtpPacket } from '../rtp/test-packets.ts';
import { broken, FUZZ_TIMEOUT_MS, fuzz, must, randomNumbers } from '../rtp/test-random.ts';
import { camera, layersOf, microphone, Stage, Stream, sentAs } from './test-stage.ts';

const LIMITS = { ingressBytesPerSecond: 100_000, ingressPacketsPerSecond: 100 };

test('[SFM25] who sends more packets than 2 s of the budget floods, once, and nothing of theirs is looked at any more', () => {
  const stage = new Stage();
  const from = stage.member(LIMITS);
  const to = stage.member(LIMITS);
  from.peer.receive(camera());
  to.peer.send(sentAs('TR_camera'), from.peer);
  const stream = new Stream(from.peer, { ssrc: 7, extensions: { 1: '0' } });
  stream.key();
  for (let count = 1; count < 200; count++) stream.frame();
  expect([from.floods, to.transport.take().length]).toEqual([0, 200]);
  stream.frame();
  stage.clock.advance(10_000);
  stream.key();
  expect([from.floods, to.floods, to.transport.take().length]).toEqual([1, 0, 0]);
});

test('[SFM25] bytes and RTCP count, too; and who stays within the budget may go on for ever', () => {
  const stage = new Stage();
  const steady = stage.member(LIMITS);
  steady.peer.receive(microphone({ ssrcs: [8] }));
  for (let sequence = 0; sequence < 3_000; sequence++) {
    steady.peer.onRtp(rtpPacket({ ssrc: 8, payloadType: 111, sequence, payload: Buffer.alloc(900) }));
    stage.clock.advance(12);
  }
  expect(steady.floods).toBe(0);
  expect(steady.peer.received('TR_mic')?.packets).toBe(3_000);
  const heavy = stage.member(LIMITS);
  for (let count = 0; count < 142; count++) heavy.peer.onRtp(rtpPacket({ payload: Buffer.alloc(1_400) }));
  expect(heavy.floods).toBe(1);
  const talker = stage.member(LIMITS);
  for (let count = 0; count < 201; count++) talker.peer.onRtcp(writePli(1, 2));
  expect(talker.floods).toBe(1);
});

test('[SFM26] no packets of whatever bytes make a peer throw or forward what is muted', {
  timeout: FUZZ_TIMEOUT_MS,
}, () => {
  const stage = new Stage();
  const wide = { ingressBytesPerSecond: 1e12, ingressPacketsPerSecond: 1e12 };
  const from = stage.member(wide);
  const to = stage.member(wide);
  from.peer.receive(camera({ rids: ['q', 'h', 'f'] }));
  from.peer.receive(microphone());
  from.peer.receive(camera({ trackSid: 'TR_h264', mid: '2', codec: 'h264', payloadType: 97 }));
  from.peer.receive(camera({ trackSid: 'TR_muted', mid: '3' }));
  from.peer.setMuted('TR_muted', true);
  const sids = ['TR_camera', 'TR_mic', 'TR_h264', 'TR_muted'];
  sids.forEach((sid, place) => {
    to.peer.send(sentAs(sid, { ssrc: 0x5000 + place, extensions: { absSendTime: 4 } }), from.peer);
  });
  const streams = [...layersOf(from.peer), new Stream(from.peer, { ssrc: 40, extensions: { 1: '3' } })];
  const reports = [
    ...[writeNack(1, 0x5000, [1, 2, 3]), writePli(1, 0x5002), writeRemb(1, 50_000, [])],
    ...[
      writeSenderReport({ ssrc: 11, ntpSeconds: 1, ntpFraction: 2, rtpTimestamp: 3, packets: 4, bytes: 5 }),
    ],
    writeReceiverReport(1, []),
  ];
  const random = randomNumbers(1);
  const sample = (): Buffer => {
    const which = random(6);
    const stream = streams[which];
    if (stream) return stream.next({ isKey: random(10) === 0 });
    const numbers = { sequence: random(65_536), ssrc: random(20) };
    return which === 4
      ? rtpPacket({ ...numbers, payloadType: 111, extensions: { 1: '1', 3: 20 } })
      : rtpPacket({
          ...numbers,
          payloadType: 97,
          extensions: { 1: '2' },
          payload: Buffer.from([0x67, 1, 2]),
        });
  };
  fuzz(reports, (report) => {
    to.peer.onRtcp(report);
    from.peer.onRtcp(report);
    const packet = sample();
    from.peer.onRtp(random(2) === 0 ? packet : broken(packet, random));
    stage.clock.advance(random(20));
    from.transport.takeRtcp();
    to.transport.takeRtcp();
    for (const sent of to.transport.take()) must(sent.ssrc !== 0x5003, 'a muted track was sent');
  });
  expect(to.peer.sent('TR_camera')?.packets).toBeGreaterThan(0);
  expect(to.peer.sent('TR_h264')?.packets).toBeGreaterThan(0);
  expect(to.peer.sent('TR_muted')?.packets).toBe(0);
});
