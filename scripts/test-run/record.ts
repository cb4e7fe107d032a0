import type { CountsName } from '../test-counts.ts';
import { TEST_COUNTS } from '../test-counts.ts';
import type { Executed } from './executed.ts';

/** What a run's page says. */
export interface RunRecord {
  readonly commit: string;
  readonly startedAt: Date;
  readonly minutes: number;
  readonly counts: CountsName;
  readonly seed: string;
  readonly engines: readonly string[];
  readonly result: Executed;
  readonly figures: readonly string[];
}

/** The page of docs/reference about a full run. */
export function recordPage(run: RunRecord): string {
  const { result } = run;
  return `# The full test run

Written by \`npm run test:full\`; repeat it with \`CALLGATE_TEST_SEED=${run.seed} npm run test:full\`.

| | |
|---|---|
| Commit | ${run.commit} |
| Started | ${run.startedAt.toISOString()} |
| Took | ${run.minutes.toFixed(1)} min |
| Node | ${process.version} on ${process.platform} ${process.arch} |
${run.engines.map((engine) => `| Engine | ${engine} |`).join('\n')}
| Seed | ${run.seed} |
| Tests on SQLite | ${result.perEngine.sqlite} |
| Tests on PostgreSQL | ${result.perEngine.postgres} |
| Passed | ${result.passed} |
| Failed | ${result.failed} |
| Skipped | ${result.skipped.length} |

## Counts

| What | How many |
|---|---|
${Object.entries(TEST_COUNTS[run.counts])
  .map(([name, value]) => `| ${name} | ${value} |`)
  .join('\n')}

## Figures

${run.figures.length > 0 ? run.figures.map((line) => `- ${line}`).join('\n') : 'None were noted.'}
`;
}
