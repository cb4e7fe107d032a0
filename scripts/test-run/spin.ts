import { spawnSync } from 'node:child_process';
import type { Engine } from './engine.ts';

/** `spin` turns a model into C, `gcc` that into the program that searches it. */
const VERSIONS = [
  ['spin', '-V'],
  ['gcc', '--version'],
] as const;

/** The model checker of docs/spec/door.md. */
export const spin: Engine = {
  name: 'spin',
  suites: 'e2e/door-model/door-model.test.ts: the model of the door (spin, gcc)',
  install: 'sudo bash scripts/install/spin.sh',
  variable: 'CALLGATE_TEST_SPIN',
  async start(path) {
    const said = VERSIONS.map(([command, ...args]) =>
      spawnSync(command, args, { encoding: 'utf8', env: { PATH: path } }),
    );
    // `spin -V` has ended with 1 in some versions.
    if (!said.every(({ error, stdout }) => !error && stdout !== '')) return undefined;
    const version = /\d+\.\d+\.\d+/.exec(said[0]?.stdout ?? '')?.[0] ?? 'of an unknown version';
    return { description: `spin ${version}`, url: 'spin', stop: async () => undefined };
  },
};
