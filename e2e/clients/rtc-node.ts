import { join } from 'node:path';
import type { ClientEngine } from './media-client.ts';
import { startProcess } from './process-host.ts';
import { remoteClient } from './remote-client.ts';

const PROGRAM = join(import.meta.dirname, 'rtc-node/program.ts');

/** Clients on `@livekit/rtc-node`, each in a process of its own: a native library that fails takes no test with it. */
export const rtcNodeClients = (): ClientEngine => ({
  name: 'rtc-node',
  open: async () =>
    remoteClient(startProcess({ name: 'rtc-node', command: process.execPath, args: [PROGRAM] })),
  stop: async () => {},
});
