import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/* Test support: the command line as a process of its own, as people run it. */

const BIN = fileURLToPath(new URL('../bin/callgate.js', import.meta.url));

export interface Ran {
  code: number | null;
  out: string;
  error: string;
}

/** Runs `callgate` with exactly these variables beside PATH, in a folder. */
export function callgate(
  args: readonly string[],
  at: { env: Record<string, string>; cwd: string },
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH, ...at.env };
    const child = spawn(process.execPath, [BIN, ...args], {
      env,
      cwd: at.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ran: Ran = { code: null, out: '', error: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ran.out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      ran.error += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ran, code }));
  });
}
