import { spawnSync } from 'node:child_process';
import type { Engine } from './engine.ts';

/** What deploy/one is made for, each with a call that tells its version. */
const PROGRAMS = [
  ['caddy', 'version'],
  ['turnserver', '--version'],
  ['systemd-analyze', '--version'],
] as const;

/** The programs around the server on one machine; each suite starts its own. */
export const oneMachine: Engine = {
  name: 'one-machine',
  suites: 'e2e/one-machine: the files of deploy/one (Caddy, coturn, systemd-analyze)',
  install: 'sudo bash scripts/install/one-machine.sh',
  variable: 'CALLGATE_TEST_ONE_MACHINE',
  async start(path) {
    const said = PROGRAMS.map(([command, ...args]) =>
      spawnSync(command, args, { encoding: 'utf8', env: { PATH: path } }),
    );
    if (said.some(({ error }) => error)) return undefined;
    const versions = said.map(({ stdout, stderr }) => /\d+(\.\d+)*/.exec(stdout + stderr)?.[0] ?? '?');
    const [caddy, coturn, systemd] = versions;
    return {
      description: `Caddy ${caddy}, coturn ${coturn}, systemd ${systemd}`,
      url: 'there',
      stop: async () => undefined,
    };
  },
};
