import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Config, ConfigError, isLoopback, mediaOf } from './config.ts';
import { type EmbeddedSfu, startEmbeddedSfu } from './embedded-sfu.ts';
import { MEDIA_HOOK_PATH } from './http/media-door.ts';
import type { Logger } from './kernel/logger.ts';

/** The embedded media server, and how this server calls it. */
export interface EmbeddedMedia {
  readonly url: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  /** Resolves once no child is left. */
  stop(): Promise<void>;
}

const API_KEY = 'callgate';
const SECRET_BYTES = 32;

/**
 * Starts the media server of this process where the configuration wants one, with a key that nobody else has and that is
 * never written down. It reports to this server's own port; with PORT 0, which nobody knows yet, to nobody: then the sweep
 * finds what happened. Throws `ConfigError` with the child's sentence where it cannot start.
 */
export async function startEmbeddedMedia(config: Config, logger: Logger): Promise<EmbeddedMedia | undefined> {
  if (mediaOf(config) !== 'embedded') return undefined;
  const apiSecret = randomBytes(SECRET_BYTES).toString('hex');
  const sfu = await started(config, apiSecret, logger);
  return { url: sfu.url, apiKey: API_KEY, apiSecret, stop: () => sfu.stop() };
}

async function started(config: Config, secret: string, logger: Logger): Promise<EmbeddedSfu> {
  const { port, rtcIp, iceServers } = config;
  // Candidates of loopback are of use on this machine alone, others on it are of no use without a network.
  const udpHost = rtcIp === null && isLoopback(config.host) ? '127.0.0.1' : undefined;
  const udpPort = config.rtcPort || (await freePort(config.rtcPort ?? RTC_PORT, udpHost, logger));
  try {
    return await startEmbeddedSfu({
      logger,
      settings: {
        keys: { [API_KEY]: secret },
        ...{ host: '127.0.0.1', port: 0, udpPort, iceServers, autoCreate: true },
        ...(udpHost !== undefined && { udpHost }),
        ...(rtcIp !== null && { advertisedAddress: rtcIp }),
        ...(port !== 0 && { webhookUrl: hookUrl(config) }),
      },
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ConfigError(
      `${message}. CALLGATE_RTC_PORT, CALLGATE_RTC_IP and CALLGATE_MEDIA are its settings.`,
      { cause },
    );
  }
}

/** LiveKit's port for all media, too. */
const RTC_PORT = 7882;

/** That port, or any free one where somebody has it: a second server on a machine needs no setting to be tried. */
async function freePort(port: number, host: string | undefined, logger: Logger): Promise<number> {
  const found = await bound(port, host);
  if (found !== undefined) return found;
  const free = (await bound(0, host)) ?? port;
  logger.warn(
    { taken: port, port: free },
    'the UDP port of media is taken; set CALLGATE_RTC_PORT to have one that stays',
  );
  return free;
}

/** The port that a socket gets there, and gives back; undefined where it is taken. */
async function bound(port: number, address = '0.0.0.0'): Promise<number | undefined> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ port, address, exclusive: true });
    await once(socket, 'listening');
    return socket.address().port;
  } catch {
    return undefined;
  } finally {
    socket.close();
  }
}

/** This server, from this machine. */
function hookUrl({ host, port }: Config): string {
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}${MEDIA_HOOK_PATH}`;
}
