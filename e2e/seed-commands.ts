import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Where the seed's text lies (it is never part of this repository), as scripts/test.ts found it with the tools
 * that its commands use; undefined: left out of this run, which says so at its end.
 */
export const SEED_TEXT = process.env.CALLGATE_TEST_SEED_TEXT;

const HOST = 'https://video.stream-io-api.com';

/**
 * The cURL commands of the seed in order, as they stand there: from a line that begins with `curl` to the line
 * that neither ends in a backslash nor leaves a quote open, with the shell assignments right before it.
 */
export async function seedCommands(text: string): Promise<string[]> {
  const lines = (await readFile(text, 'utf8')).split('\n');
  const commands: string[] = [];
  let assignments: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (/^[A-Z_]+=/.test(line)) assignments.push(line);
    else if (line.startsWith('curl ')) {
      const command = [line];
      while (isOpen(command.join('\n'))) command.push(lines[++at] ?? '');
      commands.push([...assignments, ...command].join('\n'));
      assignments = [];
    }
  }
  return commands;
}

const isOpen = (text: string): boolean => text.endsWith('\\') || (text.match(/'/g) ?? []).length % 2 === 1;

/** Runs a command of the seed in bash with the real curl; only scheme and host differ, the rest are its variables. */
export async function runSeedCommand(
  command: string,
  options: { baseUrl: string; home: string; variables: Record<string, string> },
): Promise<{ status: number; body: Record<string, unknown> }> {
  await writeFile(join(options.home, '.curlrc'), 'silent\nshow-error\nwrite-out = "\\n%{http_code}"\n');
  const env = { PATH: process.env.PATH ?? '', HOME: options.home, ...options.variables };
  const { stdout } = await run('bash', ['-euc', command.replaceAll(HOST, options.baseUrl)], { env });
  const end = stdout.lastIndexOf('\n');
  return { status: Number(stdout.slice(end + 1)), body: JSON.parse(stdout.slice(0, end)) };
}
