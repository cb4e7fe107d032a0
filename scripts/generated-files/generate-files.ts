import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GeneratedFile } from './generated-file.ts';

/** Whether a file on disk is what its sources make. */
export interface Outcome {
  readonly path: string;
  /** `left out`: what it needs is not there, and nothing was looked at. */
  readonly state: 'same' | 'stale' | 'missing' | 'left out';
}

/**
 * Makes every file and compares it with the one under `root`; with `write`, puts stale and missing ones right.
 * Files whose need is not in `available` are left out.
 */
export async function generateFiles(
  root: string,
  files: readonly GeneratedFile[],
  options: { write: boolean; available: ReadonlySet<string>; environment: NodeJS.ProcessEnv },
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { path, needs, make } of files) {
    if (needs !== undefined && !options.available.has(needs)) {
      outcomes.push({ path, state: 'left out' });
      continue;
    }
    const wanted = await make(options.environment);
    const file = join(root, path);
    const present = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (options.write && present !== wanted) writeFileSync(file, wanted);
    outcomes.push({ path, state: present === undefined ? 'missing' : present === wanted ? 'same' : 'stale' });
  }
  return outcomes;
}
