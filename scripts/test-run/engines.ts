import { findPostgres, startCluster } from './postgres-cluster.ts';
import { seedCommands } from './seed-commands.ts';

/** Something that npm does not bring and that suites need: looked for, started for the run, stopped after it. */
export interface Engine {
  /** The word of `CALLGATE_TEST_WITHOUT` and the title of its `describe` blocks. */
  readonly name: string;
  /** What stays untested without it. */
  readonly suites: string;
  /** The command that installs it. */
  readonly install: string;
  /** The variable that tells the tests where it is. Set by the caller: that server is used, nothing is started. */
  readonly variable: string;
  /** Starts it; undefined when it is not on this machine. */
  start(path: string | undefined): Promise<StartedEngine | undefined>;
}

export interface StartedEngine {
  /** Product and version, e.g. `PostgreSQL 15.18`. */
  readonly description: string;
  /** The value of the engine's variable. */
  readonly url: string;
  stop(): Promise<void>;
}

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

export const ENGINES: readonly Engine[] = [postgres, seedCommands];

/** The engines of one run. */
export class EnginesOfRun {
  /** One line per engine that is there. */
  readonly descriptions: string[] = [];
  readonly leftOut: Engine[] = [];
  readonly #started: StartedEngine[] = [];

  /**
   * Starts what is there and was not left out by `CALLGATE_TEST_WITHOUT` (names with commas), and puts into
   * `environment` what the tests need to know of it. Throws on an unknown name and when an engine does not start;
   * call `stop` in any case.
   */
  async start(environment: NodeJS.ProcessEnv): Promise<void> {
    const unwanted = namesIn(environment.CALLGATE_TEST_WITHOUT);
    for (const engine of ENGINES) {
      if (unwanted.has(engine.name)) delete environment[engine.variable];
      else if (environment[engine.variable]) {
        this.descriptions.push(`${engine.name}: the server named by ${engine.variable}`);
        continue;
      }
      const started = unwanted.has(engine.name) ? undefined : await engine.start(environment.PATH);
      if (!started) {
        this.leftOut.push(engine);
        continue;
      }
      this.#started.push(started);
      this.descriptions.push(`${engine.name}: ${started.description}, started for this run`);
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
