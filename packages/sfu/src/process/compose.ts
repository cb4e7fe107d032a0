import { ICEServer } from '@livekit/protocol';
import { systemClock } from '../clock.ts';
import { createMediaPeer, DEFAULT_MEDIA_OPTIONS } from '../media/create-media-peer.ts';
import { mediaClock } from '../media/media-clock.ts';
import { createSfu } from '../sfu.ts';
import { createJoinTokens } from '../signalling/join-tokens.ts';
import { createTransports, DEFAULT_LISTEN_OPTIONS } from '../transport/create-transports.ts';
import type { Transports } from '../transport/transport.ts';
import type { Inside } from './child.ts';
import type { SfuSettings } from './control.ts';

/**
 * Puts rooms, signalling and media together over the machine's network. Throws where the media's port cannot be bound,
 * naming it.
 */
export function composeSfu(settings: SfuSettings, note: (what: string) => void): Inside {
  const { iceServers, autoCreate } = settings;
  const clock = systemClock;
  const mediaTime = mediaClock(() => clock.monotonic());
  return createSfu({
    transports: openTransports(settings),
    createPeer: (handlers) => createMediaPeer(DEFAULT_MEDIA_OPTIONS, handlers, mediaTime),
    tokens: createJoinTokens(new Map(Object.entries(settings.keys)), clock),
    iceServers: iceServers.map(({ urls, ...more }) => new ICEServer({ urls: [...urls], ...more })),
    ...{ clock, autoCreate, note },
  });
}

function openTransports({ udpPort: port, udpHost, advertisedAddress }: SfuSettings): Transports {
  try {
    return createTransports({ ...DEFAULT_LISTEN_OPTIONS, port, bindAddress: udpHost, advertisedAddress });
  } catch (cause) {
    const where = `${udpHost ?? '*'}:${port}`;
    throw new Error(`udpPort: media cannot listen at ${where}: it is taken, or no address of this machine`, {
      cause,
    });
  }
}
