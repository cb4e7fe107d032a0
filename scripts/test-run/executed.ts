/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  testResults: {
    name: string;
    /** `failed` without assertions: the file itself could not be loaded. */
    status: string;
    message?: string;
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[];
  }[];
}

/** What a run executed. */
export interface Executed {
  passed: number;
  failed: number;
  /** Full titles of tests that did not run. */
  skipped: string[];
  /** Executed tests under a `describe` titled with the engine's name. */
  perEngine: Record<TestedEngine, number>;
  /** Tests that ran on one engine and not on the other, as `sqlite only: ...`. */
  unequal: string[];
}

export type TestedEngine = 'sqlite' | 'postgres';
const TESTED_ENGINES: readonly TestedEngine[] = ['sqlite', 'postgres'];

/** What a run executed that ended without a report. */
export const NOTHING_EXECUTED: Executed = {
  passed: 0,
  failed: 0,
  skipped: [],
  perEngine: { sqlite: 0, postgres: 0 },
  unequal: [],
};

/** Counts a report: failed files without tests count as one failure each. */
export function executed(report: VitestReport): Executed {
  const result: Executed = structuredClone(NOTHING_EXECUTED);
  /** How often each title ran on SQLite, less how often on PostgreSQL. */
  const balance = new Map<string, number>();
  for (const file of report.testResults) {
    if (file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'))
      result.failed++;
    for (const test of file.assertionResults) count(result, balance, test);
  }
  for (const [title, difference] of balance) {
    if (difference !== 0) result.unequal.push(`${difference > 0 ? 'sqlite' : 'postgres'} only: ${title}`);
  }
  return result;
}

function count(
  result: Executed,
  balance: Map<string, number>,
  test: { ancestorTitles: string[]; title: string; status: string },
): void {
  const titles = [...test.ancestorTitles, test.title];
  if (test.status === 'passed') result.passed++;
  else if (test.status === 'failed') result.failed++;
  else {
    result.skipped.push(titles.join(' > '));
    return;
  }
  const engine = TESTED_ENGINES.find((name) => test.ancestorTitles.includes(name));
  if (!engine) return;
  result.perEngine[engine]++;
  const title = titles.map((part) => (part === engine ? '<engine>' : part)).join(' > ');
  balance.set(title, (balance.get(title) ?? 0) + (engine === 'sqlite' ? 1 : -1));
}

/** What `--require-all` does not forgive: sentences, none when all is well. */
export function complaints(result: Executed): string[] {
  const found: string[] = [];
  if (result.passed === 0) found.push('no test passed');
  if (result.skipped.length > 0) found.push(`skipped:${list(result.skipped)}`);
  if (result.unequal.length > 0) found.push(`not executed on both engines:${list(result.unequal)}`);
  return found;
}

const list = (lines: string[]): string => {
  const shown = lines.slice(0, 20).map((line) => `\n  ${line}`);
  return shown.join('') + (lines.length > 20 ? `\n  and ${lines.length - 20} more` : '');
};
