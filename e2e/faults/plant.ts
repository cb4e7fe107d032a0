import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { REPO } from '../harness/index.ts';
import type { Edit, PlantedFault } from './fault.ts';

/** What the tests of a fault need; pages, pictures and measurements are left out. */
const COPIED = ['apps', 'packages', 'e2e', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** The longest that the tests of one fault may take, in milliseconds. */
const RUN_MS = 240_000;

/** What came of the tests of one rule. */
export interface Told {
  /** Tests of the rule that failed. */
  failed: number;
  passed: number;
  /** The end of what vitest printed. */
  text: string;
}

/** A copy of the project, in which faults are planted one after the other. */
export interface Field {
  /** Plants the fault, runs the tests of its rule, and takes the fault out again. */
  run(fault: PlantedFault): Promise<Told>;
  remove(): void;
}

/** Copies what is checked out, changed or not; what npm has installed is shared with it. */
export function openField(): Field {
  const folder = mkdtempSync(join(tmpdir(), 'callgate-faults-'));
  for (const name of COPIED)
    cpSync(join(REPO, name), join(folder, name), {
      recursive: true,
      filter: (path) => basename(path) !== 'node_modules',
    });
  linkPackages(folder);
  return {
    async run(fault) {
      const restore = fault.edits.map((edit) => plant(folder, edit));
      try {
        return await testsOf(folder, fault);
      } finally {
        for (const undo of restore.reverse()) undo();
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Everything as installed, but for our own packages: those are the copy's. */
function linkPackages(folder: string): void {
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  const installed = join(REPO, 'node_modules');
  for (const name of readdirSync(installed)) {
    if (name !== '@callgate' && !name.startsWith('.vite'))
      symlinkSync(join(installed, name), join(modules, name));
  }
  mkdirSync(join(modules, '@callgate'));
  for (const name of readdirSync(join(installed, '@callgate'))) {
    const place = relative(REPO, realpathSync(join(installed, '@callgate', name)));
    symlinkSync(join(folder, place), join(modules, '@callgate', name));
  }
}

/** Throws unless the place is there exactly once; answers how to take the fault out. */
function plant(folder: string, { file, find, put }: Edit): () => void {
  const path = join(folder, file);
  const before = readFileSync(path, 'utf8');
  const places = before.split(find).length - 1;
  if (places !== 1) throw new Error(`${file} has ${places} places that read "${find}"; a fault needs one`);
  writeFileSync(
    path,
    before.replace(find, () => put),
  );
  return () => writeFileSync(path, before);
}

/** Runs the rule's tests in the copy: on SQLite, unless the fault needs PostgreSQL. */
async function testsOf(folder: string, { rule, test, title, onPostgres }: PlantedFault): Promise<Told> {
  const report = join(folder, 'report.json');
  rmSync(report, { force: true });
  const vitest = join(REPO, 'node_modules/vitest/vitest.mjs');
  const named = title ?? `\\[${rule}\\]`;
  const args = [vitest, 'run', test, '-t', named, '--reporter=json', `--outputFile.json=${report}`];
  const text = await output(folder, args, onPostgres ? [] : ['postgres']);
  let read: Report;
  try {
    read = JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    throw new Error(`the tests of ${rule} did not run: ${text}`);
  }
  const results = read.testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (status: string): number => results.filter((one) => one.status === status).length;
  return { failed: count('failed'), passed: count('passed'), text };
}

interface Report {
  testResults: { assertionResults: { status: string }[] }[];
}

/** Variables, by their beginnings, that belong to the vitest outside. */
const FOREIGN = ['VITEST', 'TEST', 'NODE_ENV', 'CALLGATE_TEST_NOTES', 'CALLGATE_TEST_COUNTS'];

/** What a vitest of its own prints at most, in characters. */
const MOST_TEXT = 4_000;

function output(cwd: string, args: readonly string[], without: readonly string[]): Promise<string> {
  // A vitest inside a vitest must not take itself for a worker of the other.
  const foreign = without.length > 0 ? [...FOREIGN, 'CALLGATE_TEST_POSTGRES_URL'] : FOREIGN;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !foreign.some((one) => name.startsWith(one))),
  );
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: { ...env, CALLGATE_TEST_WITHOUT: [...without, 'chromium', 'firefox', 'python-livekit'].join(',') },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS,
  });
  let text = '';
  const keep = (bytes: Buffer): void => {
    text = (text + bytes.toString('utf8')).slice(-MOST_TEXT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(text));
  });
}
