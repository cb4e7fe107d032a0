import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type RunningServer, startServer } from '../../e2e/harness/server.ts';
import type { RunOptions } from '../measure/run-options.ts';
import { type EngineName, emptyDatabase, type Postgres, serverOptions } from '../measure/subjects.ts';
import type { Held } from './held.ts';

/** What the probe tells: what is held, and how long the loop was blocked at most since the last look. */
export interface Probed extends Held {
  blockedMs: number;
}

/** A server that tells on itself. */
export interface ProbedServer {
  engine: EngineName;
  server: RunningServer;
  probe(): Promise<Probed>;
  end(): Promise<void>;
}

const PROBE_ARGS = ['--expose-gc', '--import', join(import.meta.dirname, 'probe.ts')];
const LOOK_MS = 20;

/** A server over an empty database: SQLite, or PostgreSQL where it is given. Webhooks may go to loopback. */
async function startProbed(
  options: RunOptions,
  postgres?: Postgres,
  env: Record<string, string> = {},
): Promise<ProbedServer> {
  if (postgres) await emptyDatabase(postgres.url);
  const server = await startServer({
    nodeArgs: [...PROBE_ARGS, ...(serverOptions(options, postgres ? 'postgres' : 'sqlite').nodeArgs ?? [])],
    env: { CALLGATE_WEBHOOK_ALLOW_PRIVATE: 'true', ...env, ...(postgres && { DATABASE_URL: postgres.url }) },
  });
  let looks = 0;
  const lines = (): string[] =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{"probe"'));
  return {
    engine: postgres ? 'PostgreSQL' : 'SQLite',
    server,
    async probe() {
      process.kill(server.pid, 'SIGUSR2');
      while (lines().length <= looks) await pause(LOOK_MS);
      return JSON.parse(lines()[looks++] ?? '') as Probed;
    },
    async end() {
      await server.stop();
      await server.discard();
    },
  };
}

/** On each engine that there is, in turn. */
export async function onEachEngine<T>(
  postgres: Postgres | undefined,
  options: RunOptions,
  measure: (probed: ProbedServer) => Promise<T>,
  env?: Record<string, string>,
): Promise<T[]> {
  const found: T[] = [];
  for (const engine of postgres ? [undefined, postgres] : [undefined]) {
    const probed = await startProbed(options, engine, env);
    try {
      found.push(await measure(probed));
    } finally {
      await probed.end();
    }
  }
  return found;
}
