import { chromiumClients } from './chromium.ts';
import { firefoxClients } from './firefox.ts';
import type { ClientEngine } from './media-client.ts';
import { pythonClients } from './python.ts';
import { rtcNodeClients } from './rtc-node.ts';

const {
  CALLGATE_TEST_CHROMIUM: chromium,
  CALLGATE_TEST_FIREFOX: firefox,
  CALLGATE_TEST_PYTHON_LIVEKIT: python,
} = process.env;

/**
 * The kinds of client that this run has, as scripts/test.ts found them: rtc-node always, for npm brings it. A suite
 * makes its own list, and stops each engine at its end.
 */
export const clientEngines = (): ClientEngine[] => [
  ...(chromium
    ? [chromiumClients(chromium, 'livekit-client'), chromiumClients(chromium, 'livekit-client-oldest')]
    : []),
  ...(firefox ? [firefoxClients(firefox)] : []),
  rtcNodeClients(),
  ...(python ? [pythonClients(python)] : []),
];
