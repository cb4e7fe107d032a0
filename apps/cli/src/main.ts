import { createInterface } from 'node:readline/promises';
import { processEnvironment } from '@callgate/server/config.ts';
import { systemClock } from '@callgate/server/kernel/clock.ts';
import { CommanderError } from 'commander';
import type { Context } from './context.ts';
import { createProgram } from './program.ts';

/** Runs the command line; resolves with the exit code. Every failure is one sentence on the error output. */
export async function main(argv: readonly string[], context: Context = terminal()): Promise<number> {
  const { program, exitCode } = createProgram(context);
  try {
    await program.parseAsync([...argv]);
    return exitCode();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    context.note(`callgate: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function terminal(): Context {
  return {
    env: processEnvironment(),
    cwd: process.cwd(),
    clock: systemClock,
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    async ask(question) {
      if (!process.stdin.isTTY) return undefined;
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
