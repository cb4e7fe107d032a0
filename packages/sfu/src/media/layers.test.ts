import { expect, test } from 'vitest';
import { writeRemb } from '../rtcp/write.ts';
import { DownlinkLimit } from './downlink-limit.ts';
import { chooseLayers } from './layer-choice.ts';
import { camera, layersOf, type Member, Stage, type Stream, sentAs } from './test-stage.ts';

interface Scene {
  stage: Stage;
  from: Member;
  to: Member;
  layers: [Stream, Stream, Stream];
}

function scene(): Scene {
  const stage = new Stage();
  const from = stage.member();
  const to = stage.member();
  from.peer.receive(camera({ rids: ['q', 'h', 'f'] }));
  to.peer.send(sentAs('TR_camera'), from.peer);
  return { stage, from, to, layers: layersOf(from.peer) };
}

/** Which layer the last packets came from, by their size. */
const SIZES = [100, 200, 400];
const layerSeen = ({ to }: Scene): number => {
  const last = to.transport.takeRaw().at(-1)?.length ?? 0;
  return SIZES.findIndex((size) => last > size && last < size + 40);
};

/** All layers send for so long, ten frames a second, a key frame when one is asked for. */
function play(scene: Scene, ms: number, sending = [true, true, true]): void {
  const { stage, from, layers } = scene;
  for (let passed = 0; passed < ms; passed += 100) {
    const asked = new Set(from.transport.takeOf('key-frame-request').map(({ ssrc }) => ssrc));
    layers.forEach((layer, place) => {
      if (sending[place]) layer.frame({ isKey: asked.has(11 + place), bytes: SIZES[place] ?? 0 });
    });
    stage.clock.advance(100);
  }
}

test('[SFM10] a packet of a layer that the section does not have is dropped', () => {
  const { from, to, layers } = scene();
  from.peer.receive(camera({ rids: ['h', 'f'] }));
  layers[0].key();
  expect(to.transport.take()).toEqual([]);
  expect(from.peer.dropped()).toBe(1);
});

test('[SFM16] a subscriber is sent the best layer, and the one that they wish for when they wish', () => {
  const all = scene();
  play(all, 1_000);
  expect(layerSeen(all)).toBe(2);
  for (const quality of [0, 1, 2] as const) {
    all.to.peer.setWish('TR_camera', { disabled: false, quality });
    play(all, 500);
    expect(layerSeen(all)).toBe(quality);
  }
});

test('[SFM16] with fewer layers than three the highest quality is the highest layer', () => {
  const { from, to, layers } = scene();
  from.peer.receive(camera({ rids: ['q', 'h'] }));
  layers[0].key();
  layers[1].key();
  layers[0].frame();
  expect(to.transport.take()).toHaveLength(2);
  to.peer.setWish('TR_camera', { disabled: false, quality: 1 });
  layers[1].frame();
  expect(to.transport.take()).toHaveLength(1);
});

test('[SFM16] instead of a layer that does not come the next lower is sent, or else the lowest that comes', () => {
  const all = scene();
  play(all, 500, [true, true, false]);
  expect(layerSeen(all)).toBe(1);
  play(all, 1_000);
  expect(layerSeen(all), 'it came').toBe(2);
  play(all, 4_500, [true, false, false]);
  expect(layerSeen(all), 'it ended').toBe(0);
  all.to.peer.setWish('TR_camera', { disabled: false, quality: 0 });
  play(all, 4_500, [false, true, true]);
  expect(layerSeen(all)).toBe(1);
});

test('[SFM14] layers are switched at a key frame of the new one, the old one going on until then, without a seam', () => {
  const { from, to, layers } = scene();
  const [low, , high] = layers;
  high.key();
  to.peer.setWish('TR_camera', { disabled: false, quality: 0 });
  low.frame();
  high.frame();
  expect(from.transport.takeOf('key-frame-request').map(({ ssrc }) => ssrc)).toEqual([11]);
  low.key();
  high.frame();
  low.frame();
  const packets = to.transport.take();
  const [first] = packets;
  const off = packets.map(({ sequence, pictureId, baseIndex }) => [
    ...[(sequence - (first?.sequence ?? 0)) & 0xffff, pictureId - (first?.pictureId ?? 0)],
    ...[baseIndex - (first?.baseIndex ?? 0)],
  ]);
  expect(off).toEqual([0, 1, 2, 3].map((step) => [step, step, step]));
  const times = packets.map(({ timestamp }) => timestamp);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(packets.map(({ isKeyStart }) => isKeyStart)).toEqual([true, false, true, false]);
});

test('[SFM17] a subscriber whose browser estimates less than what is sent gets lower layers, and more tried later', () => {
  const all = scene();
  play(all, 2_000);
  expect(layerSeen(all)).toBe(2);
  // The layers take about 12, 20 and 36 kbit/s.
  all.to.peer.onRtcp(writeRemb(1, 25_000, [0x5000]));
  play(all, 1_500);
  expect(layerSeen(all)).toBe(1);
  all.to.peer.onRtcp(writeRemb(1, 5_000, [0x5000]));
  play(all, 1_500);
  expect(layerSeen(all), 'the lowest is sent whatever the estimate is').toBe(0);
  play(all, 30_000);
  expect(layerSeen(all)).toBe(2);
});

test('[SFM17] layers are shared out evenly, none above the one that is wanted, the lowest always', () => {
  const rates = [100, 300, 900];
  const three = [2, 2, 1].map((wanted) => ({ rates, wanted }));
  expect(chooseLayers(three, 0)).toEqual([0, 0, 0]);
  expect(chooseLayers(three, 500)).toEqual([1, 0, 0]);
  expect(chooseLayers(three, 900)).toEqual([1, 1, 1]);
  expect(chooseLayers(three, 1_500)).toEqual([2, 1, 1]);
  expect(chooseLayers(three, Infinity)).toEqual([2, 2, 1]);
  expect(chooseLayers([{ rates: [undefined, 300, undefined], wanted: 2 }], 1_000)).toEqual([1]);
  expect(chooseLayers([{ rates: [100, undefined, 900], wanted: 2 }], 1_000)).toEqual([2]);
  expect(chooseLayers([{ rates: [], wanted: 0 }], 0)).toEqual([0]);
});

test('[SFM17] each try that fails doubles the wait before the next, up to a minute; an old estimate counts no more', () => {
  const limit = new DownlinkLimit();
  const waits: number[] = [];
  let now = 1_000;
  let since = now;
  limit.estimated(500, now);
  expect(limit.update(1_000, 1_000, now)).toBe(500);
  while (waits.length < 6) {
    now += 500;
    limit.estimated(500, now);
    const isTried = limit.update(500, 1_000, now) > 500;
    if (!isTried) continue;
    waits.push(now - since);
    now += 500;
    limit.estimated(500, now);
    expect(limit.update(1_000, 1_000, now)).toBe(500);
    since = now;
  }
  expect(waits).toEqual([4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  for (let step = 0; step < 130; step++) {
    now += 500;
    limit.update(500, 1_000, now);
  }
  expect(limit.update(1_000, 1_000, now)).toBe(Infinity);
});
