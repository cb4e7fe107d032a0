import { type ServerEngine, serverEngines } from '../harness/index.ts';
import { LIVEKIT } from '../livekit/server.ts';

/** A storage engine, and the media server that stands behind it. */
export interface MediaEngine extends ServerEngine {
  readonly isEmbedded: boolean;
}

const { CALLGATE_TEST_MEDIA: named } = process.env;

/**
 * Every engine of this run that has a media server: SQLite with the embedded one, which npm brings, PostgreSQL with LiveKit. As
 * they are installed; `CALLGATE_TEST_MEDIA` names one of the two, `embedded` or `livekit`, for both.
 */
export const mediaEngines: readonly MediaEngine[] = serverEngines
  .map((engine) => ({
    ...engine,
    isEmbedded: named === undefined ? engine.name === 'sqlite' : named === 'embedded',
  }))
  .filter(({ isEmbedded }) => isEmbedded || LIVEKIT !== undefined);

/** Every engine of this run with LiveKit, or with the embedded media server where that is named. */
export const livekitEngines: readonly MediaEngine[] = mediaEngines
  .map((engine) => ({ ...engine, isEmbedded: named === 'embedded' }))
  .filter(({ isEmbedded }) => isEmbedded || LIVEKIT !== undefined);
