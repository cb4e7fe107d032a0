import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { countsName } from '../scripts/test-counts.ts';
import { REPO } from './harness/index.ts';

/**
 * Writes a page of docs/reference from what a suite counted, at full counts only: a short run would replace the
 * figures of a long one.
 */
export function writeReport(file: string, title: string, about: string, figures: readonly string[]): void {
  if (countsName() !== 'full' || figures.length === 0) return;
  const lines = figures.map((figure) => `* ${figure}`).join('\n');
  writeFileSync(join(REPO, 'docs/reference', file), `# ${title}\n\n${about}\n\n${lines}\n`);
}
