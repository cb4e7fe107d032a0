import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countsName } from '../scripts/test-counts.ts';
import { REPO } from './harness/index.ts';

/**
 * Writes a page of docs/reference from what a suite counted, at full counts only: a short run would replace the
 * figures of a long one. A figure begins with its name and a colon; those of other names stay, so that engines may
 * run one after another.
 */
export function writeReport(file: string, title: string, about: string, figures: readonly string[]): void {
  if (countsName() !== 'full' || figures.length === 0) return;
  const page = join(REPO, 'docs/reference', file);
  const names = figures.map(nameOf);
  const written = existsSync(page) ? readFileSync(page, 'utf8').split('\n') : [];
  const kept = written.filter((line) => line.startsWith('* ') && !names.includes(nameOf(line.slice(2))));
  const lines = [...kept, ...figures.map((figure) => `* ${figure}`)].sort().reverse();
  writeFileSync(page, `# ${title}\n\n${about}\n\n${lines.join('\n')}\n`);
}

const nameOf = (figure: string): string => figure.split(':')[0] ?? '';
