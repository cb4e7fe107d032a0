import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine.ts';

/** The version that scripts/install/livekit.sh builds. */
const VERSION = '1.13.5';

/** Where the script puts the program. */
const program = (): string =>
  join(
    process.env.CALLGATE_LIVEKIT_DIR ?? join(homedir(), '.cache/callgate', `livekit-v${VERSION}`),
    'livekit-server',
  );

/** LiveKit's program; undefined where it was not built. */
export function findLiveKit(): string | undefined {
  const path = program();
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}

/** The media server that suites start, each its own; the variable names the program. */
export const livekit: Engine = {
  name: 'livekit',
  suites: 'LiveKit: every suite under e2e/livekit, e2e/media, e2e/clients and e2e/returns',
  install: 'bash scripts/install/livekit.sh',
  variable: 'CALLGATE_TEST_LIVEKIT',
  async start() {
    const path = findLiveKit();
    if (path === undefined) return undefined;
    return {
      url: path,
      description: `LiveKit ${VERSION}, started by each suite`,
      stop: async () => undefined,
    };
  },
};
