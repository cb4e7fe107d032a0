import { spawnSync } from 'node:child_process';
import type { Engine } from './engine.ts';

/** What the README presupposes beside npm, each with a call that does nothing. */
const TOOLS = [
  ['bash', '-c', 'exit 0'],
  ['curl', '--version'],
] as const;

/** The shell in which the commands of README and guides are run; slim images have no curl. */
export const shellTools: Engine = {
  name: 'documents',
  suites: 'e2e/docs.test.ts: the commands of README and guides (bash, curl)',
  install: 'sudo bash scripts/install/seed-tools.sh',
  variable: 'CALLGATE_TEST_SHELL',
  async start(path) {
    const isThere = TOOLS.every(
      ([command, ...args]) => spawnSync(command, args, { stdio: 'ignore', env: { PATH: path } }).status === 0,
    );
    return isThere ? { description: 'README and guides', url: 'bash', stop: async () => {} } : undefined;
  },
};
