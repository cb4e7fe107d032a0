import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Engine } from './engine.ts';

const DEFAULT_SEED = resolve(import.meta.dirname, '../../../shared/seed/video-moderation-overview.txt');

const seedText = (): string => process.env.CALLGATE_SEED ?? DEFAULT_SEED;

const answers = (command: string, args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/**
 * The hosted API's page whose cURL commands must run here: its text is not part of the repository, so it is there
 * only where `CALLGATE_SEED` names it or `../shared` holds it. Its commands need bash, curl and perl's URI::Escape.
 */
export const seedCommands: Engine = {
  name: 'seed',
  suites:
    'e2e/seed.test.ts, e2e/seed-events.test.ts: the 17 documented cURL commands (the text named by CALLGATE_SEED, curl, perl)',
  install: 'sudo bash scripts/install/seed-tools.sh',
  variable: 'CALLGATE_TEST_SEED_TEXT',
  async start() {
    const text = seedText();
    if (!existsSync(text) || !answers('curl', ['--version'])) return undefined;
    if (!answers('bash', ['-c', 'exit 0']) || !answers('perl', ['-MURI::Escape', '-e', '1']))
      return undefined;
    return { description: 'the documented cURL commands', url: text, stop: async () => {} };
  },
};
