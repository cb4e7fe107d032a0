import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ICEServer } from '@livekit/protocol';
import { type Clock, systemClock } from '../clock.ts';
import { createMediaPeer, DEFAULT_MEDIA_OPTIONS } from '../media/create-media-peer.ts';
import type { MediaClock } from '../media/media-peer.ts';
import { createSfu } from '../sfu.ts';
import { createJoinTokens } from '../signalling/join-tokens.ts';
import { createTransports, DEFAULT_LISTEN_OPTIONS } from '../transport/create-transports.ts';
import type { Inside } from './child.ts';
import type { SfuSettings } from './control.ts';

/**
 * Puts rooms, signalling and media together over the machine's network. Rejects where the media's port is not free,
 * naming it: the library would tell of it with the first client alone.
 */
export async function composeSfu(settings: SfuSettings, note: (what: string) => void): Promise<Inside> {
  const { udpPort, udpHost, advertisedAddress, iceServers, autoCreate } = settings;
  await demandFreePort(udpPort, udpHost);
  const clock: Clock = systemClock;
  const mediaClock: MediaClock = {
    now: () => clock.monotonic(),
    every(ms, task) {
      const timer = setInterval(task, ms);
      return () => clearInterval(timer);
    },
  };
  return createSfu({
    transports: createTransports({
      ...DEFAULT_LISTEN_OPTIONS,
      ...{ port: udpPort, bindAddress: udpHost, advertisedAddress },
    }),
    createPeer: (handlers) => createMediaPeer(DEFAULT_MEDIA_OPTIONS, handlers, mediaClock),
    tokens: createJoinTokens(new Map(Object.entries(settings.keys)), clock),
    iceServers: iceServers.map(({ urls, ...more }) => new ICEServer({ urls: [...urls], ...more })),
    ...{ clock, autoCreate, note },
  });
}

async function demandFreePort(port: number, host: string | undefined): Promise<void> {
  const socket = createSocket(host !== undefined && isIPv6(host) ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ port, address: host ?? '0.0.0.0', exclusive: true }, resolve);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'EADDRINUSE' ? 'it is taken; choose another' : `${code}`;
    throw new Error(`udpPort: media cannot listen at ${host ?? '*'}:${port}: ${what}`);
  } finally {
    socket.close();
  }
}
