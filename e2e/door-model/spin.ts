import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

/** Where the models are. */
const MODELS = resolve(import.meta.dirname, '../../docs/spec/door');
/** Memory of one search, in MB; a search that wants more ends with an error. */
const MEMORY_MB = 2_000;
/** Longest path that is followed; the longest of ours has 210 steps. */
const DEPTH = 10_000;
/** Longest time of one program, in milliseconds. */
const TIMEOUT_MS = 10 * 60 * 1000;

const run = promisify(execFile);

/** What to search. */
export interface Search {
  model: 'door' | 'seats' | 'permissions';
  /** Who takes part, and what is wrong. */
  defines: readonly string[];
  /** The `ltl` block to check; `rest`: the assertion about who has come to rest. */
  claim: string;
}

/** What came of a search. */
export interface Found {
  /** The claim, or an assertion, does not hold. */
  isViolated: boolean;
  /** Every state was looked at, and the claim in each. Of a search that found a violation always false. */
  isExhaustive: boolean;
  states: number;
  /** What the search printed. */
  text: string;
}

/** Searches all states of a model, not a sample of them. Throws when it cannot be searched. */
export async function search(spin: string, { model, defines, claim }: Search): Promise<Found> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-door-'));
  const go = async (command: string, args: readonly string[]): Promise<string> =>
    (await run(command, args, { cwd: folder, timeout: TIMEOUT_MS })).stdout;
  try {
    await copyFile(join(MODELS, `${model}.pml`), join(folder, 'model.pml'));
    await go(spin, [...defines.map((name) => `-D${name}`), '-a', 'model.pml']);
    const isRest = claim === 'rest';
    const options = [`-DMEMLIM=${MEMORY_MB}`, ...(isRest ? ['-DNOCLAIM'] : [])];
    // Most searches are shorter than an optimizing compiler takes.
    await go('gcc', ['-O0', '-w', ...options, '-o', 'pan', 'pan.c']);
    // -E: whoever waits for what never comes is no error.
    return read(await go('./pan', ['-E', `-m${DEPTH}`, ...(isRest ? [] : ['-N', claim])]), claim);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function read(text: string, claim: string): Found {
  const errors = /errors: (\d+)/.exec(text)?.[1];
  const states = /([\d.e+]+) states, stored/.exec(text)?.[1];
  if (errors === undefined || states === undefined) throw new Error(`the search did not end well:\n${text}`);
  const isChecked = claim === 'rest' ? /assertion violations\s+\+/.test(text) : text.includes(`+ (${claim})`);
  return {
    isViolated: /assertion violated/.test(text),
    isExhaustive:
      errors === '0' &&
      isChecked &&
      /Full statespace search/.test(text) &&
      !/search depth too small|out of memory|not completed/i.test(text),
    states: Number(states),
    text,
  };
}
