import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalParameters } from '../transport/transport.ts';
import type { Description, MediaSection } from './description.ts';
import { readDescription } from './read-description.ts';

const RECORDED = fileURLToPath(new URL('recorded', import.meta.url));

/** Descriptions that Chromium 156 and Firefox ESR 153 made: in `recorded/`, with `\n`; browsers write `\r\n`. */
export const recorded = (name: string): string =>
  readFileSync(join(RECORDED, `${name}.sdp`), 'utf8').replaceAll('\n', '\r\n');

export const BROWSERS = ['chromium', 'firefox'] as const;
/** First offer of a client, its offer with a microphone and a simulcast camera, its ICE restart, that after the camera's stop. */
export const MOMENTS = ['join', 'publish', 'restart', 'stopped', 'single', 'answer'] as const;

export const FINGERPRINT = `sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`;

export const localParameters = (setup: LocalParameters['setup']): LocalParameters => ({
  ufrag: 'ours',
  pwd: 'abcdefghijklmnopqrstuvwx',
  fingerprint: FINGERPRINT,
  setup,
  candidates: [],
});

export const refusal = (text: string): string | undefined => {
  const read = readDescription(text);
  return 'refusal' in read ? read.refusal : undefined;
};

export function description(text: string): Description {
  const read = readDescription(text);
  if ('refusal' in read) throw new Error(read.refusal);
  return read.description;
}

export function media(text: string): MediaSection[] {
  const found: MediaSection[] = [];
  for (const section of description(text).sections) if (section.kind !== 'application') found.push(section);
  return found;
}

/** A description by hand: one audio section with mid `0` and these lines; `session` replaces the usual head. */
export const byHand = (lines: readonly string[], session: readonly string[] = SESSION): string =>
  [...session, M_AUDIO, 'a=mid:0', ...lines, ''].join('\r\n');

export const M_AUDIO = 'm=audio 9 UDP/TLS/RTP/SAVPF 111';
export const M_VIDEO = 'm=video 9 UDP/TLS/RTP/SAVPF 96 97';
export const M_DATA = 'm=application 9 UDP/DTLS/SCTP webrtc-datachannel';
export const TRANSPORT = [
  'a=ice-ufrag:abcd',
  'a=ice-pwd:abcdefghijklmnopqrstuv',
  `a=fingerprint:${FINGERPRINT}`,
  'a=setup:actpass',
];
export const SESSION = ['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', ...TRANSPORT];
