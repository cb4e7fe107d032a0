import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ClientHost } from './remote-client.ts';

/** A program that reads `{id, name, args}` lines and writes `{id, answer}` lines; other lines are its chatter. */
export interface ClientProgram {
  /** What the client is called. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
}

/** Of what the program says beside its answers the newest characters, for the error when it ends. */
const CHATTER_KEPT = 4_000;
/** A program that does not end by itself when its input closes is killed. */
const ENDS_WITHIN_MS = 5_000;

/** Starts the program as a client's home; it ends when its input closes. */
export function startProcess({ name, command, args, env = {} }: ClientProgram): ClientHost {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env },
  });
  const waiting = new Map<number, { resolve(answer: string): void; reject(error: Error): void }>();
  let asked = 0;
  let chatter = '';
  let gone: string | undefined;
  const hear = (text: string) => {
    chatter = (chatter + text).slice(-CHATTER_KEPT);
  };
  const ended = new Promise<void>((resolve) => {
    const end = (why: string) => {
      gone ??= `${name} ended (${why}): ${chatter}`;
      for (const { reject } of waiting.values()) reject(new Error(gone));
      waiting.clear();
      resolve();
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `code ${code}`));
  });

  child.stdin.on('error', () => {});
  child.stderr.on('data', (chunk: Buffer) => hear(chunk.toString()));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = answerIn(line);
    if (!answer) return hear(`${line}\n`);
    waiting.get(answer.id)?.resolve(JSON.stringify(answer.answer));
    waiting.delete(answer.id);
  });
  return {
    name,
    command: (command, commandArgs) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(new Error(gone));
        asked++;
        waiting.set(asked, { resolve, reject });
        child.stdin.write(`${JSON.stringify({ id: asked, name: command, args: commandArgs })}\n`);
      }),
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

function answerIn(line: string): { id: number; answer: unknown } | undefined {
  if (!line.startsWith('{"id":')) return undefined;
  try {
    return JSON.parse(line) as { id: number; answer: unknown };
  } catch {
    return undefined;
  }
}
