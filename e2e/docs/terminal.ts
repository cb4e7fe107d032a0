import { type ChildProcess, spawn } from 'node:child_process';

/** What one block did. */
export interface Ran {
  code: number;
  /** Standard output alone: what a page shows. */
  out: string;
  /** Standard error, without the statuses. */
  error: string;
  /** The HTTP status of every curl of the block, in order. */
  statuses: number[];
}

/** Ends each block's output; a character that no command prints. */
const MARK = '\u001e';
const STATUS = /^curl (\d{3})\n?/gm;

/** Makes curl tell each status on standard error, and `npm` leave out what takes minutes. */
const PREPARATION = (options: { install: boolean }): string => `
curl() { command curl --silent --show-error --write-out '%{stderr}curl %{http_code}\\n' "$@"; }
npm() {
  ${options.install ? '' : 'if [ "$1" = ci ]; then return 0; fi'}
  if [ "$1" = test ]; then
    CALLGATE_TEST_WITHOUT=postgres,seed,documents command npm test -- packages/contract/src/errors.test.ts
    return
  fi
  command npm "$@"
}
`;

/** One bash in which the blocks of a page run one after another, as in a reader's terminal. */
export class Terminal {
  readonly #bash: ChildProcess;
  #out = '';
  #error = '';
  #changed: () => void = () => {};

  constructor(options: { shell: string; folder: string; env: Record<string, string>; install: boolean }) {
    this.#bash = spawn(options.shell, ['--norc', '--noprofile'], {
      cwd: options.folder,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.#bash.stdout?.on('data', (chunk: Buffer) => {
      this.#out += chunk.toString();
      this.#changed();
    });
    this.#bash.stderr?.on('data', (chunk: Buffer) => {
      this.#error += chunk.toString();
      this.#changed();
    });
    this.#bash.once('exit', () => this.#changed());
    this.type(PREPARATION(options));
  }

  /** Types without waiting for an end: for a command that stays. */
  type(commands: string): void {
    this.#bash.stdin?.write(`${commands}\n`);
  }

  /** Standard output so far. */
  get output(): string {
    return this.#out;
  }

  /** Standard error so far. */
  get errors(): string {
    return this.#error;
  }

  /** Runs a block to its end; code -1 when the shell itself ended. Stops at the block's first command that fails. */
  async run(commands: string): Promise<Ran> {
    this.#out = '';
    this.#error = '';
    this.type(
      `set -euo pipefail; trap 'printf "${MARK}%s${MARK}" $?; printf "${MARK}" >&2' EXIT\n${commands}\ntrap - EXIT; set +eu`,
    );
    this.type(`printf '${MARK}0${MARK}'; printf '${MARK}' >&2`);
    const ended = new RegExp(`${MARK}(\\d+)${MARK}$`);
    await this.until(() => (ended.test(this.#out) && this.#error.endsWith(MARK)) || this.#hasEnded());
    const code = Number(ended.exec(this.#out)?.[1] ?? -1);
    const error = this.#error.replaceAll(MARK, '');
    return {
      code,
      out: this.#out.replace(ended, ''),
      error: error.replace(STATUS, ''),
      statuses: [...error.matchAll(STATUS)].map((match) => Number(match[1])),
    };
  }

  /** Resolves once `condition` holds, asked whenever something was printed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.#hasEnded()) return;
      await new Promise<void>((changed) => {
        this.#changed = changed;
      });
    }
  }

  #hasEnded = (): boolean => this.#bash.exitCode !== null || this.#bash.signalCode !== null;

  /** Ends the shell and everything that it started; resolves once it is gone. */
  async close(): Promise<void> {
    if (this.#hasEnded() || this.#bash.pid === undefined) return;
    const gone = new Promise((done) => this.#bash.once('close', done));
    process.kill(-this.#bash.pid, 'SIGTERM');
    await gone;
  }
}
