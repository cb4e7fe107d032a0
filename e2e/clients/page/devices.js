// Local tracks: the browser's fake devices for microphone and camera, generated ones for the screen.

const { Track, createLocalAudioTrack, createLocalVideoTrack } = globalThis.LivekitClient;

/** Small, so that several clients run on two cores. */
const SIZE = { width: 320, height: 180 };

export const SOURCES = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  screen: Track.Source.ScreenShare,
  'screen-audio': Track.Source.ScreenShareAudio,
};

/** The kind of a LiveKit source. */
export const kindOf = (source) => Object.keys(SOURCES).find((kind) => SOURCES[kind] === source) ?? 'unknown';

/** A new track of the kind. */
export async function createTrack(kind) {
  if (kind === 'microphone') return createLocalAudioTrack();
  if (kind === 'camera') return createLocalVideoTrack({ resolution: { ...SIZE, frameRate: 15 } });
  return kind === 'screen' ? drawnScreen() : hummingScreen();
}

/** Frames differ, or an encoder might send none. 10 per second. */
function drawnScreen() {
  const canvas = Object.assign(document.createElement('canvas'), SIZE);
  const context = canvas.getContext('2d');
  let frame = 0;
  const timer = setInterval(() => {
    context.fillStyle = `hsl(${(frame++ * 7) % 360} 80% 50%)`;
    context.fillRect(0, 0, SIZE.width, SIZE.height);
  }, 100);
  const [track] = canvas.captureStream(10).getVideoTracks();
  track.addEventListener('ended', () => clearInterval(timer));
  return track;
}

function hummingScreen() {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const output = audio.createMediaStreamDestination();
  tone.connect(output);
  tone.start();
  return output.stream.getAudioTracks()[0];
}
