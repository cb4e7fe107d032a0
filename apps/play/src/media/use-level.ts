import { useEffect, useState } from 'react';

/** How often the loudness is looked at, in milliseconds. */
const LOOK_EVERY_MS = 100;
/** Speech fills about a quarter of the range; this makes it fill the bar. */
const GAIN = 400;

/** The loudness of a stream from 0 to 100; 0 without one. */
export function useLevel(stream: MediaStream | undefined): number {
  const [level, setLevel] = useState(0);
  useEffect(() => {
    if (!stream || stream.getAudioTracks().length === 0) {
      setLevel(0);
      return;
    }
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      setLevel(Math.min(100, Math.round(Math.sqrt(power) * GAIN)));
    }, LOOK_EVERY_MS);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }, [stream]);
  return level;
}
