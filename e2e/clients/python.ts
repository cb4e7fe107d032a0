import { join } from 'node:path';
import type { ClientEngine } from './media-client.ts';
import { startProcess } from './process-host.ts';
import { remoteClient } from './remote-client.ts';

const PROGRAM = join(import.meta.dirname, 'python/client.py');

/** Clients on LiveKit's Python SDK, each in a process; `python` is a Python that has the SDK. */
export const pythonClients = (python: string): ClientEngine => ({
  name: 'python livekit',
  open: async () => remoteClient(startProcess({ name: 'python livekit', command: python, args: [PROGRAM] })),
  stop: async () => {},
});
