import { expect, test } from 'vitest';
import { writeNack, writeSenderReport } from '../rtcp/write.ts';
import { rtpPacket } from '../rtp/test-packets.ts';
import { MAX_PUBLISHED_TRACKS } from './create-media-peer.ts';
import { camera, FakeTransport, IDS, type Member, microphone, Stage, Stream, sentAs } from './test-stage.ts';

const SSRC = 7;
const HELLO = { ssrc: SSRC, extensions: { 1: '0' } };
const sound = (sequence: number, parts: object = {}): Buffer =>
  rtpPacket({
    ...{ ssrc: 8, payloadType: 111, sequence, timestamp: sequence * 960, extensions: { 1: '1', 3: 30 } },
    ...parts,
  });

/** One who sends a camera, one who is sent it. */
function pair(stage = new Stage()): { stage: Stage; from: Member; to: Member; stream: Stream } {
  const from = stage.member();
  const to = stage.member();
  from.peer.receive(camera());
  to.peer.send(sentAs('TR_camera'), from.peer);
  return { stage, from, to, stream: new Stream(from.peer, HELLO) };
}

test('[SFM10] a packet that fits nothing that is received is dropped and counted', () => {
  const { from, to } = pair();
  const refused = [
    rtpPacket({ ssrc: 1 }),
    rtpPacket({ ssrc: 2, extensions: { 1: 'x' } }),
    rtpPacket({ ssrc: 3, payloadType: 97, extensions: { 1: '0' } }),
    rtpPacket({ ssrc: 4, extensions: { 4: '0' } }),
    Buffer.from('no packet at all'),
  ];
  for (const packet of refused) from.peer.onRtp(packet);
  from.peer.onRtcp(Buffer.from([0x80, 201, 0]));
  expect(from.peer.dropped()).toBe(refused.length + 1);
  expect(to.transport.take()).toEqual([]);
  expect(from.peer.received('TR_camera')).toEqual({ packets: 0, bytes: 0, lastAt: 0 });
});

test('[SFM10] a source is found by the description, else by the mid of its first packet', () => {
  const { from, to, stream } = pair();
  stream.key();
  from.peer.onRtp(rtpPacket({ ssrc: SSRC, sequence: 1_001, payload: Buffer.from([0x10, 1]) }));
  expect(to.transport.take()).toHaveLength(2);
  from.peer.receive(microphone({ ssrcs: [8, 9] }));
  to.peer.send(sentAs('TR_mic', { ssrc: 0x5001, payloadType: 109 }), from.peer);
  from.peer.onRtp(sound(1, { extensions: undefined }));
  expect(to.transport.take()).toMatchObject([{ ssrc: 0x5001, payloadType: 109 }]);
  expect(from.peer.received('TR_mic')?.packets).toBe(1);
});

test('[SFM10] a browser that names its mid no more is known again when its section carries another track', () => {
  const { from, to, stream } = pair();
  stream.key();
  from.peer.stopReceiving('TR_camera');
  from.peer.receive(camera({ trackSid: 'TR_next' }));
  to.peer.send(sentAs('TR_next', { ssrc: 0x5002 }), from.peer);
  to.transport.take();
  new Stream(from.peer, { ssrc: SSRC }).key();
  expect(to.transport.take()).toMatchObject([{ ssrc: 0x5002 }]);
});

test('[SFM10] the same section again interrupts nothing', () => {
  const { from, to, stream } = pair();
  stream.key();
  from.peer.receive(camera({ extensions: { ...IDS, audioLevel: 9 } }));
  stream.frame();
  expect(to.transport.take()).toHaveLength(2);
});

test('[SFM11] one track has one source for each layer: a new one takes the place of the old', () => {
  const { from, to, stream } = pair();
  stream.key();
  const next = new Stream(from.peer, { ssrc: 70, extensions: { 1: '0' } });
  next.key();
  to.transport.take();
  stream.frame();
  expect(to.transport.take(), 'the old source names its mid again, and waits for a key frame').toEqual([]);
});

test('[SFM11] a packet of another payload type takes the place of no source', () => {
  const { from, to, stream } = pair();
  stream.key();
  from.peer.onRtp(rtpPacket({ ssrc: 71, payloadType: 97, extensions: { 1: '0' } }));
  stream.frame();
  expect(to.transport.take()).toHaveLength(2);
});

test('[SFM11] sources that take each other’s place are 200 in half a second at most', () => {
  const { stage, from } = pair();
  const change = (times: number): void => {
    for (let time = 0; time < times; time++)
      from.peer.onRtp(rtpPacket({ ssrc: time % 2, extensions: { 1: '0' }, payload: Buffer.from([0x10, 1]) }));
  };
  change(300);
  expect(from.peer.dropped()).toBeGreaterThanOrEqual(50);
  expect(from.peer.dropped()).toBeLessThanOrEqual(100);
  const before = from.peer.dropped();
  stage.clock.advance(500);
  change(200);
  expect(from.peer.dropped()).toBe(before);
});

test('[SFM11] tracks that somebody waited for in vain take no place of those that come', () => {
  const { from, to } = pair();
  for (let track = 0; track < 3 * MAX_PUBLISHED_TRACKS; track++) {
    to.peer.send(sentAs(`TR_${track}`), from.peer);
    to.peer.stopSending(`TR_${track}`);
  }
  from.peer.receive(microphone());
  expect(from.peer.received('TR_mic')).toBeDefined();
});

test('[SFM11] more than 64 tracks of one participant are refused', () => {
  const { from } = pair();
  for (let track = 1; track < MAX_PUBLISHED_TRACKS; track++)
    from.peer.receive(camera({ trackSid: `TR_${track}`, mid: `m${track}` }));
  expect(() => from.peer.receive(camera({ trackSid: 'TR_more', mid: 'more' }))).toThrow(RangeError);
});

test('[SFM12] of a muted track nothing is sent, neither new nor again, and what comes is counted', () => {
  const { from, to, stream } = pair();
  stream.key();
  const [{ sequence } = { sequence: 0 }] = to.transport.take();
  from.peer.setMuted('TR_camera', true);
  stream.key();
  to.peer.onRtcp(writeNack(1, 0x5000, [sequence]));
  from.peer.onRtcp(writeSenderReport({ ...REPORT, ssrc: SSRC }));
  expect(to.transport.take()).toEqual([]);
  expect(to.transport.takeRtcp()).toEqual([]);
  expect(from.peer.received('TR_camera')?.packets).toBe(2);
  from.peer.setMuted('TR_camera', false);
  to.peer.onRtcp(writeNack(1, 0x5000, [sequence]));
  expect(to.transport.take(), 'what came before the mute is gone').toEqual([]);
});

test('[SFM12] a track that is muted before it is received sends nothing when it comes', () => {
  const { from, to } = pair();
  from.peer.setMuted('TR_mic', true);
  from.peer.receive(microphone());
  to.peer.send(sentAs('TR_mic', { ssrc: 0x5001 }), from.peer);
  from.peer.onRtp(sound(1));
  expect(to.transport.take()).toEqual([]);
  from.peer.setMuted('TR_mic', false);
  from.peer.onRtp(sound(2));
  expect(to.transport.take()).toHaveLength(1);
});

test('[SFM12] after an unmute a key frame is asked for, and the picture goes on at it without a seam', () => {
  const { stage, from, to, stream } = pair();
  stream.key();
  from.peer.setMuted('TR_camera', true);
  stage.clock.advance(1_000);
  for (let frame = 0; frame < 30; frame++) stream.frame();
  from.transport.takeRtcp();
  from.peer.setMuted('TR_camera', false);
  expect(from.transport.takeOf('key-frame-request')).toMatchObject([{ ssrc: SSRC }]);
  stream.frame();
  expect(to.transport.take()).toHaveLength(1);
  stream.key();
  stream.frame();
  const [first, second] = to.transport.take();
  expect(first).toMatchObject({ isKeyStart: true, pictureId: 101, baseIndex: 51 });
  expect(second?.sequence).toBe(((first?.sequence ?? 0) + 1) & 0xffff);
});

const stops: Record<string, (parts: { from: Member; to: Member }) => void> = {
  stopReceiving: ({ from }) => from.peer.stopReceiving('TR_camera'),
  stopSending: ({ to }) => to.peer.stopSending('TR_camera'),
  'a wish': ({ to }) => to.peer.setWish('TR_camera', { disabled: true, quality: 2 }),
  'close of the publisher': ({ from }) => from.peer.close(),
  'close of the subscriber': ({ to }) => to.peer.close(),
};

test.each(Object.keys(stops))(
  '[SFM13] after %s has returned no packet is sent, neither new nor again',
  (name) => {
    const { from, to, stream } = pair();
    stream.key();
    stream.frame();
    const sent = to.transport.take();
    expect(sent).toHaveLength(2);
    stops[name]?.({ from, to });
    stream.key();
    to.peer.onRtcp(
      writeNack(
        1,
        0x5000,
        sent.map(({ sequence }) => sequence),
      ),
    );
    from.peer.onRtcp(writeSenderReport({ ...REPORT, ssrc: SSRC }));
    expect(to.transport.take()).toEqual([]);
    expect(to.transport.takeRtcp()).toEqual([]);
  },
);

test('[SFM13] a wish that came first holds; when it is taken back the picture goes on at a key frame', () => {
  const stage = new Stage();
  const from = stage.member();
  const to = stage.member();
  to.peer.setWish('TR_camera', { disabled: true, quality: 2 });
  from.peer.receive(camera());
  to.peer.send(sentAs('TR_camera'), from.peer);
  const stream = new Stream(from.peer, HELLO);
  stream.key();
  expect(to.transport.take()).toEqual([]);
  to.peer.setWish('TR_camera', { disabled: false, quality: 2 });
  stream.frame();
  expect(to.transport.take()).toEqual([]);
  expect(from.transport.takeOf('key-frame-request')).toHaveLength(1);
  stream.key();
  expect(to.transport.take()).toHaveLength(1);
});

test('[SFM13] nothing runs after close, and what is closed twice stays closed', () => {
  const { stage, from, to } = pair();
  expect(stage.clock.tasks).toBe(2);
  from.peer.close();
  to.peer.close();
  to.peer.close();
  expect(stage.clock.tasks).toBe(0);
  expect(to.peer.sent('TR_camera')).toBeUndefined();
});

test('[SFM14] a picture begins at a key frame; a second section for it begins anew', () => {
  const { from, to, stream } = pair();
  stream.frame();
  stream.frame();
  expect(to.transport.take()).toEqual([]);
  expect(from.transport.takeOf('key-frame-request')).toHaveLength(1);
  stream.key();
  stream.frame();
  expect(to.transport.take()).toMatchObject([{ isKeyStart: true }, { isKeyStart: false }]);
  to.peer.send(sentAs('TR_camera', { ssrc: 0x6000 }), from.peer);
  stream.frame();
  expect(to.transport.take()).toEqual([]);
  stream.key();
  expect(to.transport.take()).toMatchObject([{ ssrc: 0x6000 }]);
  expect(to.peer.sent('TR_camera')).toMatchObject({ packets: 1 });
});

test('[SFM14] the same section again interrupts nothing; a source of ours that is used again goes on with its numbers', () => {
  const { stage, from, to, stream } = pair();
  stream.key();
  to.peer.send(sentAs('TR_camera'), from.peer);
  stream.frame();
  const last = to.transport.take().at(-1);
  expect(to.peer.sent('TR_camera')).toMatchObject({ packets: 2 });
  to.peer.stopSending('TR_camera');
  stage.clock.advance(1_000);
  to.peer.send(sentAs('TR_camera'), from.peer);
  stream.sequence += 30_000;
  stream.key();
  const [next] = to.transport.take();
  expect(next?.sequence).toBe(((last?.sequence ?? 0) + 1) & 0xffff);
  expect(next?.timestamp).toBe((last?.timestamp ?? 0) + 90_000);
  expect(next?.pictureId).toBe((last?.pictureId ?? 0) + 1);
});

test('[SFM14] what was sent before the picture began is not sent when it comes late', () => {
  const { from, to, stream } = pair();
  const late = stream.next();
  stream.key();
  from.peer.onRtp(late);
  expect(to.transport.take()).toHaveLength(1);
});

test('[SFM14] sound begins with any packet, and packets out of order keep their places', () => {
  const { from, to } = pair();
  from.peer.receive(microphone());
  to.peer.send(sentAs('TR_mic', { ssrc: 0x5001 }), from.peer);
  for (const sequence of [65_534, 0, 65_535, 1]) from.peer.onRtp(sound(sequence));
  const [first, ...others] = to.transport.take().map(({ sequence }) => sequence);
  expect(others.map((sequence) => (sequence - (first ?? 0)) & 0xffff)).toEqual([2, 1, 3]);
});

test('[SFM21] sender reports reach a subscriber in the numbers of what they are sent', () => {
  const { stage, from, to, stream } = pair();
  const elsewhere = new FakeTransport();
  to.peer.attachSubscriber(elsewhere);
  stream.key();
  from.peer.onRtcp(writeSenderReport({ ...REPORT, ssrc: 99 }));
  expect(elsewhere.takeRtcp()).toEqual([]);
  from.peer.onRtcp(writeSenderReport({ ...REPORT, ssrc: SSRC, rtpTimestamp: stream.timestamp }));
  expect(elsewhere.takeRtcp()).toMatchObject([
    {
      type: 'sender-report',
      ssrc: 0x5000,
      ntpSeconds: 3,
      ntpFraction: 4,
      rtpTimestamp: stream.timestamp,
      packets: 1,
    },
  ]);
  to.peer.setWish('TR_camera', { disabled: true, quality: 2 });
  stage.clock.advance(2_000);
  to.peer.setWish('TR_camera', { disabled: false, quality: 2 });
  const reported = stream.timestamp;
  stream.timestamp += 1_000_000;
  stream.key();
  const sent = elsewhere.take().at(-1)?.timestamp ?? 0;
  const shift = sent - stream.timestamp;
  expect(shift).not.toBe(0);
  expect(elsewhere.takeOf('sender-report')).toMatchObject([{ rtpTimestamp: (reported + shift) >>> 0 }]);
  expect(to.transport.take()).toEqual([]);
});

test('[SFM22] the loudest level since the last question is told, of nobody muted', () => {
  const { from } = pair();
  from.peer.receive(microphone());
  expect(from.peer.takeAudioLevel()).toBeUndefined();
  for (const [sequence, level] of [40, 0x80 | 20, 127].entries())
    from.peer.onRtp(sound(sequence, { extensions: { 1: '1', 3: level } }));
  expect(from.peer.takeAudioLevel()).toBe(20);
  expect(from.peer.takeAudioLevel()).toBeUndefined();
  from.peer.onRtp(sound(4));
  from.peer.setMuted('TR_mic', true);
  from.peer.onRtp(sound(5));
  expect(from.peer.takeAudioLevel()).toBeUndefined();
});

const REPORT = { ntpSeconds: 3, ntpFraction: 4, rtpTimestamp: 5, packets: 6, bytes: 7 };
