/**
 * `npm test`: everything that this machine can test. Starts the engines that it finds, runs vitest with them,
 * stops them, and ends by naming each engine that was left out and the command that installs it.
 *
 *   --require-all        what is missing and could be installed, skipped or unequal between the engines fails the run
 *   --counts ci|full     how much the random suites do (scripts/test-counts.ts)
 *   --record <file>      writes a page about the run, when it passed
 *   anything else        goes to vitest: a path, `-t <title>`
 *
 * `CALLGATE_TEST_WITHOUT=postgres` leaves an engine out, `CALLGATE_TEST_POSTGRES_URL` names a server to use,
 * `CALLGATE_TEST_SEED` repeats a run.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { countsName, freshSeed } from './test-counts.ts';
import { EnginesOfRun } from './test-run/engines.ts';
import { complaints, type Executed, executed, NOTHING_EXECUTED } from './test-run/executed.ts';
import { parseOptions, type TestOptions } from './test-run/options.ts';
import { recordPage } from './test-run/record.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** The signal that asked us to stop, once one came. */
let stopped: NodeJS.Signals | undefined;
let vitest: ChildProcess | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    stopped ??= signal;
    vitest?.kill(signal);
  });
}

/** One run from beginning to end. */
interface Run {
  readonly options: TestOptions;
  readonly environment: NodeJS.ProcessEnv;
  readonly engines: EnginesOfRun;
  readonly startedAt: Date;
  /** What was checked out when it began; the suites themselves write pages of docs/reference. */
  readonly commit: string;
  /** Holds the report and the figures; removed at the end. */
  readonly folder: string;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  const folder = mkdtempSync(join(tmpdir(), 'callgate-test-run-'));
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    CALLGATE_TEST_COUNTS: options.counts ?? countsName(),
    CALLGATE_TEST_SEED: process.env.CALLGATE_TEST_SEED ?? String(freshSeed()),
    CALLGATE_TEST_NOTES: join(folder, 'figures'),
  };
  const [startedAt, commit] = [new Date(), checkedOut()];
  const run: Run = { options, environment, engines: new EnginesOfRun(), startedAt, commit, folder };
  try {
    await run.engines.start(environment);
    for (const line of run.engines.descriptions) print(line);
    const code = stopped ? 1 : await runVitest(run);
    return conclude(run, code) ? 0 : 1;
  } finally {
    await run.engines.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The commit, with `-dirty` when files differ from it; empty where there is no repository. */
function checkedOut(): string {
  try {
    const told = execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=12'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return told.toString('utf8').trim();
  } catch {
    return '';
  }
}

function runVitest({ options, environment, folder, engines }: Run): Promise<number> {
  const cli = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporters = [
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(folder, 'report.json')}`,
  ];
  // A file of which an engine's absence left no test is fine; a run of which nothing is left is not (problemsOf).
  const empty = engines.leftOut.length > 0 ? ['--passWithNoTests'] : [];
  const child = spawn(process.execPath, [cli, 'run', ...reporters, ...empty, ...options.rest], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment,
  });
  vitest = child;
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}

/** Prints the end of the run, whose last line holds the totals, and writes its page. Whether the run passed. */
function conclude(run: Run, code: number): boolean {
  const reportFile = join(run.folder, 'report.json');
  const result = existsSync(reportFile)
    ? executed(JSON.parse(readFileSync(reportFile, 'utf8')))
    : NOTHING_EXECUTED;
  const figuresFile = join(run.folder, 'figures');
  const figures = existsSync(figuresFile)
    ? readFileSync(figuresFile, 'utf8').split('\n').filter(Boolean)
    : [];
  for (const line of figures) print(`Figure: ${line}`);
  print(`Executed on sqlite ${result.perEngine.sqlite}, on postgres ${result.perEngine.postgres}`);
  const problems = problemsOf(run, code, result);
  for (const problem of problems) print(`Failed: ${problem}`);
  if (problems.length > 0)
    print(`Repeat with: CALLGATE_TEST_SEED=${run.environment.CALLGATE_TEST_SEED} npm test`);
  else if (run.options.record) writePage(run.options.record, run, result, figures);
  for (const engine of run.engines.leftOut)
    print(`Left out: ${engine.suites}. Install it with: ${engine.install}`);
  const failed = problems.length === 0 ? 0 : Math.max(1, result.failed);
  print(`${result.passed} passed, ${failed} failed, ${result.skipped.length} skipped`);
  return problems.length === 0;
}

/** Why the run did not pass: sentences, none when it did. */
function problemsOf(run: Run, code: number, result: Executed): string[] {
  const problems: string[] = [];
  if (stopped) problems.push(`stopped by ${stopped}`);
  if (code !== 0) problems.push(`vitest ended with ${code}`);
  if (result.failed > 0) problems.push(`${result.failed} tests failed`);
  if (!run.options.requireAll) {
    return problems.length === 0 && result.passed === 0 ? ['no test passed'] : problems;
  }
  for (const engine of run.engines.leftOut) {
    problems.push(`${engine.name} is missing and this run must be complete`);
  }
  return [...problems, ...complaints(result)];
}

function writePage(file: string, run: Run, result: Executed, figures: string[]): void {
  const page = recordPage({
    commit: run.commit,
    startedAt: run.startedAt,
    minutes: (Date.now() - run.startedAt.getTime()) / 60_000,
    counts: countsName(run.environment),
    seed: run.environment.CALLGATE_TEST_SEED ?? '',
    engines: run.engines.descriptions,
    result,
    figures,
  });
  writeFileSync(resolve(ROOT, file), page);
}

const print = (line: string): void => console.log(line);

process.exitCode = await main();
