import { randomBytes } from 'node:crypto';
import { type Config, ConfigError, isLoopback } from './config.ts';
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
  if (config.media !== 'embedded') return undefined;
  const apiSecret = randomBytes(SECRET_BYTES).toString('hex');
  const sfu = await started(config, apiSecret, logger);
  return { url: sfu.url, apiKey: API_KEY, apiSecret, stop: () => sfu.stop() };
}

async function started(config: Config, secret: string, logger: Logger): Promise<EmbeddedSfu> {
  const { port, mediaPort: udpPort, mediaAddress: advertisedAddress, mediaIceServers: iceServers } = config;
  // Candidates of loopback are of use on this machine alone, others on it are of no use without a network. Behind a proxy the
  // API is on loopback and people are not: then the address that they send to is set.
  const udpHost = isLoopback(config.host) && advertisedAddress === null ? '127.0.0.1' : undefined;
  try {
    return await startEmbeddedSfu({
      logger,
      settings: {
        ...{
          keys: { [API_KEY]: secret },
          host: '127.0.0.1',
          port: 0,
          udpPort,
          iceServers: [...iceServers],
          autoCreate: true,
        },
        ...(udpHost !== undefined && { udpHost }),
        ...(advertisedAddress !== null && { advertisedAddress }),
        ...(port !== 0 && { webhookUrl: hookUrl(config) }),
      },
    });
  } catch (cause) {
    const { message } = cause as Error;
    throw new ConfigError(
      `${message}. CALLGATE_MEDIA_PORT, CALLGATE_MEDIA_ADDRESS and CALLGATE_MEDIA are its settings.`,
      { cause },
    );
  }
}

/** This server, from this machine. */
function hookUrl({ host, port }: Config): string {
  const own = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${own.includes(':') ? `[${own}]` : own}:${port}${MEDIA_HOOK_PATH}`;
}
