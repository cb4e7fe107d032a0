import {
  AudioFrame,
  AudioSource,
  LocalAudioTrack,
  type LocalTrack,
  LocalVideoTrack,
  TrackSource,
  VideoBufferType,
  VideoFrame,
  VideoSource,
} from '@livekit/rtc-node';
import type { MediaKind } from '../media-client.ts';

const SOURCES: Record<MediaKind, TrackSource> = {
  microphone: TrackSource.SOURCE_MICROPHONE,
  camera: TrackSource.SOURCE_CAMERA,
  screen: TrackSource.SOURCE_SCREENSHARE,
  'screen-audio': TrackSource.SOURCE_SCREENSHARE_AUDIO,
};

export const sourceOf = (kind: MediaKind): TrackSource => SOURCES[kind];

export function kindOf(source: TrackSource | undefined): MediaKind | 'unknown' {
  const known = Object.entries(SOURCES).find(([, each]) => each === source);
  return known ? (known[0] as MediaKind) : 'unknown';
}

/** A track that sends until `stop`. */
export interface Transmission {
  readonly track: LocalTrack;
  stop(): Promise<void>;
}

export const transmit = (kind: MediaKind): Transmission =>
  kind === 'microphone' || kind === 'screen-audio' ? hum(kind) : paint(kind);

const RATE = 48_000;
/** Audio is handed over in pieces of 20 ms, as much as one packet carries. */
const PIECE = RATE / 50;
const TONE_HZ = 440;

function hum(name: string): Transmission {
  const source = new AudioSource(RATE, 1);
  const samples = Int16Array.from({ length: PIECE }, (_, at) =>
    Math.round(8_000 * Math.sin((2 * Math.PI * TONE_HZ * at) / RATE)),
  );
  let on = true;
  const humming = (async () => {
    // The source takes a piece when its queue has room: that is the clock.
    while (on) await source.captureFrame(new AudioFrame(samples, RATE, 1, PIECE));
  })().catch(() => {});
  return {
    track: LocalAudioTrack.createAudioTrack(name, source),
    async stop() {
      on = false;
      await humming;
      await source.close();
    },
  };
}

const WIDTH = 320;
const HEIGHT = 180;
const FRAMES_PER_SECOND = 15;
export const VIDEO_ENCODING = { maxBitrate: 200_000n, maxFramerate: FRAMES_PER_SECOND };

function paint(name: string): Transmission {
  const source = new VideoSource(WIDTH, HEIGHT);
  // I420: luminance at full size, two colours at a quarter.
  const pixels = new Uint8Array((WIDTH * HEIGHT * 3) / 2).fill(128);
  let shade = 0;
  const timer = setInterval(() => {
    shade = (shade + 3) % 256;
    pixels.fill(shade, 0, WIDTH * HEIGHT);
    source.captureFrame(new VideoFrame(pixels, WIDTH, HEIGHT, VideoBufferType.I420));
  }, 1000 / FRAMES_PER_SECOND);
  return {
    track: LocalVideoTrack.createVideoTrack(name, source),
    async stop() {
      clearInterval(timer);
      await source.close();
    },
  };
}
