import { type Config, type Environment, loadConfig } from '@callgate/server/config.ts';
import type { Clock } from '@callgate/server/kernel/clock.ts';

/** What a command may touch; a test hands in its own. */
export interface Context {
  env: Environment;
  cwd: string;
  clock: Clock;
  /** Writes what the command answers. */
  out(text: string): void;
  /** Writes notes that are no answer. */
  note(text: string): void;
  /** Asks the person at the terminal; undefined when nobody is there. */
  ask(question: string): Promise<string | undefined>;
}

/** A failure whose message is one sentence for the person who typed the command. */
export class CliError extends Error {
  override name = 'CliError';
}

/** The server's configuration, as the server would read it in this folder; `--data-dir` comes first. */
export function configOf(context: Context, options: { dataDir?: string }): Config {
  const env =
    options.dataDir === undefined ? context.env : { ...context.env, CALLGATE_DATA_DIR: options.dataDir };
  return loadConfig(env, context.cwd);
}
