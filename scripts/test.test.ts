import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ENGINES } from './test-run/engines.ts';
import { findPostgres } from './test-run/postgres-cluster.ts';

let project = '';
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'callgate-npm-test-'));
  writeFileSync(join(project, 'vitest.config.mjs'), 'export default { test: { globals: true } };\n');
});
afterEach(() => rmSync(project, { recursive: true }));

/** The suite of the small project that the runner runs here; both engines when PostgreSQL was announced. */
function suite(body: string): void {
  writeFileSync(
    join(project, 'a.test.ts'),
    `const engines = process.env.CALLGATE_TEST_POSTGRES_URL ? ['sqlite', 'postgres'] : ['sqlite'];\n${body}`,
  );
}

const EQUAL = `for (const engine of engines) describe(engine, () => test('holds', () => {}));\n`;

interface Started {
  child: ChildProcess;
  /** Everything that was printed so far. */
  said: () => string;
}

function start(args: string[], environment: NodeJS.ProcessEnv): Started {
  // What the surrounding run was told is not for this one.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CALLGATE_TEST_'));
  const child = spawn(process.execPath, [join(import.meta.dirname, 'test.ts'), '--root', project, ...args], {
    env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const hear = (chunk: Buffer): void => {
    said += chunk.toString('utf8');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return { child, said: () => said };
}

async function npmTest(
  args: string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ code: number | null; said: string }> {
  const { child, said } = start(args, environment);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, said: said() };
}

/** Every engine named by the caller, so that none is looked for; nobody connects there. */
const ELSEWHERE = Object.fromEntries(ENGINES.map(({ variable }) => [variable, '/nowhere']));
const WITHOUT = { ...ELSEWHERE, CALLGATE_TEST_WITHOUT: 'postgres,seed' };

test('an unknown engine to leave out is refused', async () => {
  suite(EQUAL);
  const { code, said } = await npmTest([], { CALLGATE_TEST_WITHOUT: 'oracle' });
  expect(code).toBe(1);
  expect(said).toContain('CALLGATE_TEST_WITHOUT names "oracle"');
});

test('an engine that was left out is named at the end with the command that installs it', async () => {
  suite(EQUAL);
  const { code, said } = await npmTest([], WITHOUT);
  expect(code).toBe(0);
  expect(said).toContain('Executed on sqlite 1, on postgres 0');
  expect(said.trimEnd().split('\n').slice(-3)).toEqual([
    'Left out: PostgreSQL: every suite titled "postgres". Install it with: sudo bash scripts/install/postgres.sh',
    expect.stringMatching(
      /^Left out: e2e\/seed.test.ts, e2e\/seed-events.test.ts: .* Install it with: sudo bash scripts\/install\/seed-tools.sh$/,
    ),
    '1 passed, 0 failed, 0 skipped',
  ]);
});

test('a file that an engine left without tests passes, a run without any does not', async () => {
  writeFileSync(
    join(project, 'b.test.ts'),
    'if (process.env.CALLGATE_TEST_POSTGRES_URL) test("b", () => {});',
  );
  suite(EQUAL);
  expect(await npmTest([], WITHOUT)).toMatchObject({ code: 0, said: expect.stringContaining('1 passed') });
  expect((await npmTest(['b.test.ts'], ELSEWHERE)).code).toBe(0);
  const nothing = await npmTest(['b.test.ts'], WITHOUT);
  expect(nothing.said).toContain('Failed: no test passed');
  expect(nothing.code).toBe(1);
});

test('with --require-all a missing engine fails the run', async () => {
  suite(EQUAL);
  const { code, said } = await npmTest(['--require-all'], WITHOUT);
  expect(code).toBe(1);
  expect(said).toContain('Failed: postgres is missing and this run must be complete');
});

test('with --require-all a missing text of the documented commands fails the run', async () => {
  suite(EQUAL);
  const { CALLGATE_TEST_SEED_TEXT: _, ...others } = ELSEWHERE;
  const { code, said } = await npmTest(['--require-all'], {
    ...others,
    CALLGATE_SEED: '/nowhere/no-text.txt',
  });
  expect(said).toContain('Failed: seed is missing and this run must be complete');
  expect(code).toBe(1);
});

test('with --require-all a skipped test fails the run', async () => {
  suite(`${EQUAL}test.skipIf(true)('left out', () => {});\n`);
  const { code, said } = await npmTest(['--require-all'], ELSEWHERE);
  expect(code).toBe(1);
  expect(said).toMatch(/Failed: skipped:\n {2}left out/);
});

test('with --require-all unequal engines fail the run', async () => {
  suite(`${EQUAL}describe('sqlite', () => test('has more', () => {}));\n`);
  const { code, said } = await npmTest(['--require-all'], ELSEWHERE);
  expect(code).toBe(1);
  expect(said).toContain('sqlite only: <engine> > has more');
});

test('a failing test fails the run, and the seed to repeat it with is printed', async () => {
  suite(`test('fails', () => { throw new Error('planted'); });\n`);
  const { code, said } = await npmTest([], { ...WITHOUT, CALLGATE_TEST_SEED: '4711' });
  expect(code).toBe(1);
  expect(said).toContain('Repeat with: CALLGATE_TEST_SEED=4711 npm test');
  expect(said.trimEnd().split('\n').at(-1)).toBe('0 passed, 1 failed, 0 skipped');
});

test('an error outside of every test fails the run', async () => {
  suite(`${EQUAL}void Promise.reject(new Error('planted'));\n`);
  const { code, said } = await npmTest([], WITHOUT);
  expect(code).toBe(1);
  expect(said.trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed, 0 skipped');
});

test('a complete run passes and writes its page with counts, seed and figures', async () => {
  suite(`${EQUAL}test('notes', async () => {
    const { noteFigure } = await import(${JSON.stringify(join(import.meta.dirname, 'test-notes.ts'))});
    noteFigure('rounds on sqlite: ' + process.env.CALLGATE_TEST_COUNTS);
  });\n`);
  const page = join(project, 'run.md');
  const { code, said } = await npmTest(['--require-all', '--counts', 'full', '--record', page], {
    ...ELSEWHERE,
    CALLGATE_TEST_SEED: '99',
  });
  expect(said).toContain('Figure: rounds on sqlite: full');
  expect(code).toBe(0);
  const text = readFileSync(page, 'utf8');
  for (const line of ['| Seed | 99 |', '| modelHistories | 500 |', '- rounds on sqlite: full']) {
    expect(text).toContain(line);
  }
});

test('a page is not written by a run that failed', async () => {
  suite(`test('fails', () => { throw new Error('planted'); });\n`);
  const page = join(project, 'run.md');
  await npmTest(['--record', page], WITHOUT);
  expect(existsSync(page)).toBe(false);
});

const isLeftOut = (process.env.CALLGATE_TEST_WITHOUT ?? '').includes('postgres');
const whereFound = test.skipIf(isLeftOut || findPostgres() === undefined);
/** A suite that says where its server is, and stays when `WAIT` is set. */
const WITH_SERVER = `test('has a server of its own', async () => {
  const { connect } = await import('node:net');
  const { port } = new URL(process.env.CALLGATE_TEST_POSTGRES_URL ?? '');
  await new Promise((done, fail) => connect(Number(port), '127.0.0.1').once('connect', done).once('error', fail));
  console.log('port ' + port);
  if (process.env.WAIT) await new Promise(() => setInterval(() => {}, 1000));
}, 60_000);\n`;

/** A run that waits in its suite, and the code it ends with. */
async function waitingRun(
  temporary: string,
): Promise<Started & { closed: Promise<number | null>; port: number }> {
  const started = start([], { WAIT: '1', TMPDIR: temporary });
  const closed = new Promise<number | null>((resolve) => started.child.once('exit', resolve));
  await new Promise<void>((resolve) =>
    started.child.stdout?.on('data', () => started.said().includes('port ') && resolve()),
  );
  return { ...started, closed, port: portIn(started.said()) };
}

/** A folder for temporary files that PostgreSQL's user can enter too. */
function temporaryFolder(): string {
  const folder = join(project, 'temporary');
  mkdirSync(folder);
  for (const each of [project, folder]) chmodSync(each, 0o777);
  return folder;
}

whereFound('a server that was started for the run is gone after it', async () => {
  suite(WITH_SERVER);
  const temporary = temporaryFolder();
  const { code, said } = await npmTest([], { TMPDIR: temporary });
  expect(code).toBe(0);
  expect(await connects(portIn(said))).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
});

whereFound('a signal ends the run, its server and its folders', async () => {
  suite(WITH_SERVER);
  const temporary = temporaryFolder();
  const { child, said, closed, port } = await waitingRun(temporary);
  expect(await connects(port)).toBe(true);
  child.kill('SIGTERM');
  expect(await closed).toBe(1);
  expect(said()).toContain('stopped by SIGTERM');
  expect(await connects(port)).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
});

whereFound('a signal does so too when nobody reads the output any more', async () => {
  suite(WITH_SERVER);
  const temporary = temporaryFolder();
  const { child, closed, port } = await waitingRun(temporary);
  child.stdout?.destroy();
  child.stderr?.destroy();
  child.kill('SIGTERM');
  expect(await closed).toBe(1);
  expect(await connects(port)).toBe(false);
  expect(readdirSync(temporary)).toEqual([]);
});

const portIn = (said: string): number => Number(said.match(/port (\d+)/)?.[1]);

async function connects(port: number): Promise<boolean> {
  const { connect } = await import('node:net');
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
