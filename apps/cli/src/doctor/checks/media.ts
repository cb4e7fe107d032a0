import { isPrivateAddress } from '@callgate/server/kernel/address.ts';
import { type LiveKitProbe, probeLiveKit } from '@callgate/server/livekit/probe-livekit.ts';
import { plainReason } from '../ask.ts';
import type { Check, Facts } from '../facts.ts';
import { type Finding, fault, ok, warning } from '../finding.ts';
import { isOwn } from '../server.ts';

/** Milliseconds in which LiveKit must answer each question. */
export const LIVEKIT_MS = 4_000;

/** LiveKit's own key for development, which everybody knows. */
const DEVELOPMENT_KEY = 'devkey';

/** Whether LiveKit is there and takes our key. Without `LIVEKIT_URL` the check of the media port says what there is. */
export const media: Check = {
  name: 'media',
  async run({ config }, signal) {
    const livekit = liveKitOf(config);
    if (!livekit) return [ok('LIVEKIT_URL is not set, so there is no LiveKit to ask (see media-port).')];
    const { url } = livekit;
    try {
      const probe = await probeLiveKit(livekit, { signal, timeoutMs: LIVEKIT_MS });
      return [...settingsOf(livekit), answered(url, probe)];
    } catch (error) {
      return [...settingsOf(livekit), unreachable(url, plainReason(error))];
    }
  },
};

/** Where LiveKit is and its key; undefined: none is configured. */
export function liveKitOf({
  livekitUrl: url,
  livekitApiKey: apiKey,
  livekitApiSecret: apiSecret,
}: Facts['config']) {
  return url === null || apiKey === null || apiSecret === null ? undefined : { url, apiKey, apiSecret };
}

function settingsOf({ url, apiKey }: { url: string; apiKey: string }): Finding[] {
  const findings: Finding[] = [];
  if (apiKey === DEVELOPMENT_KEY)
    findings.push(
      fault(
        'LIVEKIT_API_KEY is the key that every LiveKit has in development: anybody can enter every room.',
        'Make a key with "livekit-server generate-keys", put it under "keys" of its configuration and here.',
      ),
    );
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1');
  const isOpen = /^(ws|http):/.test(url) && !isOwn(url) && host.includes('.') && !isPrivateAddress(host);
  if (isOpen)
    findings.push(
      warning(
        `LIVEKIT_URL leads to ${host} without TLS: tokens that open every room can be read on the way.`,
        'Use wss:// or an address inside your network.',
      ),
    );
  return findings;
}

const unreachable = (url: string, reason: string): Finding =>
  fault(
    `LiveKit cannot be reached at ${url}: ${reason}. Nobody gets into the media, and acts stay "pending".`,
    'Start LiveKit, or mend LIVEKIT_URL; between the two let a firewall pass TCP of its port (7880).',
  );

function answered(url: string, { api, signalling }: LiveKitProbe): Finding {
  if (api === 'refused' || signalling === 'refused')
    return fault(
      `LiveKit at ${url} refuses the key: ${api === 'refused' ? 'its API' : 'its signalling'} answers 401.`,
      'LIVEKIT_API_KEY and LIVEKIT_API_SECRET must be a pair under "keys" of its configuration; a clock that is off by a minute shows the same (see clock).',
    );
  if (api === 'strange' || signalling === 'strange')
    return fault(
      `What answers at ${url} does not speak as LiveKit does (${api === 'strange' ? 'API' : 'signalling'}).`,
      'LIVEKIT_URL is the address of LiveKit itself; a proxy between must pass /rtc and /twirp on as they are.',
    );
  return ok(`LiveKit at ${url} takes the key, at its API and at its signalling.`);
}
