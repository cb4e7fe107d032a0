import { startEmbedded } from './embedded.ts';
import { type LiveKitOptions, type LiveKitServer, startLiveKit } from './server.ts';

const { CALLGATE_TEST_MEDIA: named } = process.env;

/**
 * Which media server stands behind a server on that engine: LiveKit, or what `CALLGATE_TEST_MEDIA` names (`livekit`,
 * `embedded`): every suite says the same of both.
 */
export function mediaServerOf(_engine: 'sqlite' | 'postgres'): 'livekit' | 'embedded' {
  if (named === undefined || named === '') return 'livekit';
  if (named === 'livekit' || named === 'embedded') return named;
  throw new Error(`CALLGATE_TEST_MEDIA is "${named}"; it must be "livekit" or "embedded"`);
}

/** Starts it; whoever starts it stops it. */
export const startMediaServer = (
  engine: 'sqlite' | 'postgres',
  options: LiveKitOptions = {},
): Promise<LiveKitServer> =>
  mediaServerOf(engine) === 'embedded' ? startEmbedded(options) : startLiveKit(options);
