import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countsName, testSeed } from '../../scripts/test-counts.ts';
import { REPO } from '../harness/index.ts';
import { causesOf, type Row, type Tally } from './tally.ts';

const ABOUT = `People who were shut out try to come back by every way (e2e/returns). An attempt counts when it was refused with
policy's code and reason, or the door's own; 429, 5xx, time-outs and nobody being there say nothing of policy: they stand apart,
and the attempt is made again until policy answers. While something is away nobody can be told more than that. The same harness
is let in by the same way before the act, and after it was taken back (after a kick: with a new join). A client that is told to
join in full instead of resuming does so with the same token. Written by the suite at full counts.`;

/** What one engine's tally says, in a line. */
export function lineOf(engine: string, { rows, deeds, attempts }: Tally): string {
  const all = [...rows.values()];
  const told = (which: 'refused' | 'apart') =>
    causesOf(all, which)
      .map(([cause, count]) => `${cause} ${count}`)
      .join(', ');
  return (
    `returns on ${engine}: ${attempts()} attempts after ${[...deeds].join(', ')} (seed ${testSeed()}), 0 admitted; ${told('refused')}; ` +
    `apart ${told('apart') || 'nothing'}; let in ${sum(all, 'before')} times before and ${sum(all, 'after')} after`
  );
}

/** Writes docs/reference/returns-report.md at full counts, when every engine has been there. */
export function writePage(tallies: ReadonlyMap<string, Tally>): void {
  if (countsName() !== 'full' || tallies.size < 2) return;
  const attempts = [...tallies.values()].reduce((total, tally) => total + tally.attempts(), 0);
  const sections = [...tallies].map(([engine, tally]) => sectionOf(engine, tally));
  const total = `${attempts} attempts on ${tallies.size} engines (seed ${testSeed()}): **0 admitted**.`;
  const page = ['# Attempts to return', ABOUT, total, ...sections].join('\n\n');
  writeFileSync(join(REPO, 'docs/reference/returns-report.md'), `${page}\n`);
}

function sectionOf(engine: string, { rows, attempts, deeds }: Tally): string {
  const causes = causesOf(rows.values(), 'refused').map(([cause]) => cause);
  const cells = (texts: readonly (string | number)[]): string => `| ${texts.join(' | ')} |`;
  const lines = [...rows].map(([name, { before, refused, apart, after }]) =>
    cells([
      ...[name, before, ...causes.map((cause) => refused.get(cause) ?? '')],
      ...[[...apart].map(([cause, count]) => `${cause}: ${count}`).join(', '), after],
    ]),
  );
  return [
    `## ${engine}`,
    '',
    `${attempts()} refused after ${[...deeds].join(', ')}.`,
    '',
    cells(['Way', 'Let in before', ...causes, 'Says nothing', 'Let in after']),
    cells(['---', ...causes.map(() => '--:'), '--:', '---', '--:']),
    ...lines,
  ].join('\n');
}

const sum = (rows: readonly Row[], which: 'before' | 'after'): number =>
  rows.reduce((total, row) => total + row[which], 0);
