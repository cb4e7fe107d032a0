import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { REPO } from '../harness/index.ts';

const { CALLGATE_TEST_ONE_MACHINE: named, CALLGATE_TEST_WITHOUT: without = '' } = process.env;

const isInstalled = (): boolean =>
  ['caddy', 'turnserver', 'systemd-analyze'].every((program) => !spawnSync(program, ['--version']).error);

/** Whether Caddy, coturn and systemd's tools are there and wanted in this run. */
export const HAS_PROGRAMS =
  named !== undefined || (!without.split(',').includes('one-machine') && isInstalled());

/** The folder that an operator takes. */
export const DEPLOY = join(REPO, 'deploy/one');

/** A program that runs until it is stopped. */
export interface Program {
  readonly pid: number;
  /** Everything that it printed. */
  output(): string;
  /** Resolves once it printed this; rejects with what it printed when it ends before, or after 20 s. */
  said(pattern: RegExp): Promise<void>;
  stop(): Promise<void>;
}

const SAID_MS = 20_000;

/** Starts one on this machine; it ends with this process. */
export function launch(
  command: readonly string[],
  options: { env?: Record<string, string>; cwd: string },
): Program {
  const setpriv = '/usr/bin/setpriv';
  const wrapped = existsSync(setpriv) ? [setpriv, '--pdeathsig', 'KILL', ...command] : [...command];
  const [file = '', ...args] = wrapped;
  const child: ChildProcess = spawn(file, args, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: options.cwd, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of [...waiting]) look();
  };
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (text) => {
      output += String(text);
      changed();
    });
  const ended = new Promise<void>((done) => {
    child.once('error', () => done());
    child.once('close', () => done());
  });
  void ended.then(changed);
  const isOver = () => child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid ?? 0,
    output: () => output,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(
          () => end(() => reject(new Error(`it did not say ${pattern}:\n${output}`))),
          SAID_MS,
        );
        const end = (how: () => void) => {
          clearTimeout(late);
          waiting.delete(look);
          how();
        };
        const look = () => {
          if (pattern.test(output)) end(resolve);
          else if (isOver()) end(() => reject(new Error(`${command[0]} ended:\n${output}`)));
        };
        waiting.add(look);
        look();
      }),
    async stop() {
      if (!isOver()) child.kill('SIGKILL');
      await ended;
    },
  };
}
