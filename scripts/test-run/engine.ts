/** Something that npm does not bring and that suites need: looked for, started for the run, stopped after it. */
export interface Engine {
  /** The word of `CALLGATE_TEST_WITHOUT` and the title of its `describe` blocks. */
  readonly name: string;
  /** What stays untested without it. */
  readonly suites: string;
  /** The command that installs it. */
  readonly install: string;
  /** The variable that tells the tests where it is. Set by the caller: that one is used, nothing is started. */
  readonly variable: string;
  /** Starts it; undefined when it is not on this machine. */
  start(path: string | undefined): Promise<StartedEngine | undefined>;
}

/** An engine of this run. */
export interface StartedEngine {
  /** What it is, e.g. `PostgreSQL 15.18, started for this run`. */
  readonly description: string;
  /** The value of the engine's variable. */
  readonly url: string;
  stop(): Promise<void>;
}
