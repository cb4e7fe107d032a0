import type { CountsName } from '../test-counts.ts';

/** What `npm test` was asked for. */
export interface TestOptions {
  /** A missing engine, a skipped test or unequal engines fail the run. */
  readonly requireAll: boolean;
  /** Undefined: what `CALLGATE_TEST_COUNTS` says. */
  readonly counts: CountsName | undefined;
  /** Where to write the run's page, e.g. `docs/reference/full-test-run.md`. */
  readonly record: string | undefined;
  /** Handed to vitest as they are: file names, `-t <title>`... */
  readonly rest: readonly string[];
}

/** Reads the command line; throws on a value that is missing or unknown. */
export function parseOptions(args: readonly string[]): TestOptions {
  let requireAll = false;
  let counts: CountsName | undefined;
  let record: string | undefined;
  const rest: string[] = [];
  const words = args.values();
  for (const word of words) {
    if (word === '--require-all') requireAll = true;
    else if (word === '--counts') counts = countsOf(words.next().value);
    else if (word === '--record') record = pathOf(words.next().value);
    else rest.push(word);
  }
  return { requireAll, counts, record, rest };
}

function countsOf(word: string | undefined): CountsName {
  if (word === 'ci' || word === 'full') return word;
  throw new Error(`--counts takes "ci" or "full", not "${word ?? ''}"`);
}

function pathOf(word: string | undefined): string {
  if (word) return word;
  throw new Error('--record takes a file to write');
}
