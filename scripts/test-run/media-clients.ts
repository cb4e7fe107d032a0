import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Engine, StartedEngine } from './engine.ts';

/** What a program says of itself, e.g. `Chromium 156.0.8078.108 built on Debian 12`; undefined when it does not run. */
function versionOf(program: string, ...args: string[]): string | undefined {
  const said = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return said.status === 0 ? said.stdout.trim() : undefined;
}

const onPath = (program: string, path = ''): string | undefined =>
  path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));

/** The program as an engine: nothing to start, nothing to stop. */
function found(program: string | undefined, ...args: string[]): StartedEngine | undefined {
  const description = program && versionOf(program, ...args);
  return program && description ? { description, url: program, stop: async () => {} } : undefined;
}

/** Chromium, for LiveKit's browser SDK with fake devices. */
export const chromium: Engine = {
  name: 'chromium',
  suites: 'Chromium: every suite titled "chromium ..."',
  install: 'sudo bash scripts/install/browsers.sh',
  variable: 'CALLGATE_TEST_CHROMIUM',
  start: async (path) => found(onPath('chromium', path), '--version'),
};

/** Firefox ESR, the other browser engine. */
export const firefox: Engine = {
  name: 'firefox',
  suites: 'Firefox: every suite titled "firefox ..."',
  install: 'sudo bash scripts/install/browsers.sh',
  variable: 'CALLGATE_TEST_FIREFOX',
  start: async (path) => found(onPath('firefox-esr', path), '--version'),
};

/** Where scripts/install/python-livekit.sh puts its virtual environment. */
const PYTHON = join(homedir(), '.cache/callgate/python-livekit/bin/python');

/** LiveKit's Python SDK; the variable names the Python that has it. */
export const pythonLivekit: Engine = {
  name: 'python-livekit',
  suites: 'the Python SDK: every suite titled "python ..."',
  install: 'bash scripts/install/python-livekit.sh',
  variable: 'CALLGATE_TEST_PYTHON_LIVEKIT',
  start: async () =>
    found(
      existsSync(PYTHON) ? PYTHON : undefined,
      '-c',
      'import livekit.rtc, platform; print("livekit", livekit.rtc.__version__, "on Python", platform.python_version())',
    ),
};
