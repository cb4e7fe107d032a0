import type { Engine, StartedEngine } from './engine.ts';
import { livekit } from './livekit.ts';
import { chromium, firefox, pythonLivekit } from './media-clients.ts';
import { oneMachine } from './one-machine.ts';
import { findPostgres, startCluster } from './postgres-cluster.ts';
import { seedCommands } from './seed-commands.ts';
import { shellTools } from './shell-tools.ts';
import { spin } from './spin.ts';

const postgres: Engine = {
  name: 'postgres',
  suites: 'PostgreSQL: every suite titled "postgres"',
  install: 'sudo bash scripts/install/postgres.sh',
  variable: 'CALLGATE_TEST_POSTGRES_URL',
  async start(path) {
    const binaries = findPostgres(path);
    return binaries === undefined ? undefined : await startCluster(binaries);
  },
};

/** Everything of which npm brings nothing and suites need something. */
export const ENGINES: readonly Engine[] = [
  postgres,
  livekit,
  chromium,
  firefox,
  pythonLivekit,
  seedCommands,
  shellTools,
  spin,
  oneMachine,
];

/** The engines of one run. */
export class EnginesOfRun {
  /** One line per engine that is there. */
  readonly descriptions: string[] = [];
  readonly leftOut: Engine[] = [];
  readonly #wanted: readonly Engine[];
  readonly #started: StartedEngine[] = [];

  constructor(wanted: readonly Engine[] = ENGINES) {
    this.#wanted = wanted;
  }

  /**
   * Starts what is there and was not left out by `CALLGATE_TEST_WITHOUT` (names with commas), and puts into
   * `environment` what the tests need to know of it. Throws on an unknown name and when an engine does not start;
   * call `stop` in any case.
   */
  async start(environment: NodeJS.ProcessEnv): Promise<void> {
    const unwanted = namesIn(environment.CALLGATE_TEST_WITHOUT);
    for (const engine of this.#wanted) {
      if (unwanted.has(engine.name)) delete environment[engine.variable];
      else if (environment[engine.variable]) {
        this.descriptions.push(`${engine.name}: what ${engine.variable} names`);
        continue;
      }
      const started = unwanted.has(engine.name) ? undefined : await engine.start(environment.PATH);
      if (!started) {
        this.leftOut.push(engine);
        continue;
      }
      this.#started.push(started);
      this.descriptions.push(`${engine.name}: ${started.description}`);
      environment[engine.variable] = started.url;
    }
  }

  /** Stops what this run started. */
  async stop(): Promise<void> {
    for (const engine of this.#started.splice(0).reverse()) await engine.stop();
  }
}

function namesIn(list = ''): ReadonlySet<string> {
  const names = list.split(',').filter((name) => name !== '');
  const known = ENGINES.map((engine) => engine.name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return new Set(names);
  throw new Error(`CALLGATE_TEST_WITHOUT names "${unknown}"; it knows ${known.join(', ')}`);
}
