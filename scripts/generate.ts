/**
 * `npm run generate`: makes the committed files that follow from the sources (docs/reference and others).
 *
 *   --check         writes nothing; ends with 1 and names every file that is stale
 *   --require-all   a file that cannot be made on this machine is a failure too
 */
import { resolve } from 'node:path';
import { generateFiles, type Outcome } from './generated-files/generate-files.ts';
import { GENERATED_FILES } from './generated-files/index.ts';
import { ENGINES, EnginesOfRun } from './test-run/engines.ts';

const check = process.argv.includes('--check');
const requireAll = process.argv.includes('--require-all');

const SAYS: Record<Outcome['state'], string> = {
  same: 'up to date',
  stale: check ? 'STALE' : 'written',
  missing: check ? 'MISSING' : 'written',
  'left out': 'left out',
};

const isBad = ({ state }: Outcome): boolean =>
  (check && (state === 'stale' || state === 'missing')) || (requireAll && state === 'left out');

async function main(): Promise<number> {
  const environment = { ...process.env };
  const needed = ENGINES.filter(({ name }) => GENERATED_FILES.some(({ needs }) => needs === name));
  const engines = new EnginesOfRun(needed);
  try {
    await engines.start(environment);
    const available = new Set(
      needed.filter((engine) => !engines.leftOut.includes(engine)).map(({ name }) => name),
    );
    const root = resolve(import.meta.dirname, '..');
    const outcomes = await generateFiles(root, GENERATED_FILES, { write: !check, available, environment });
    for (const outcome of outcomes) console.log(`${outcome.path}: ${SAYS[outcome.state]}`);
    for (const { name, install } of engines.leftOut)
      console.log(`There is no ${name}. Install it with: ${install}`);
    const bad = outcomes.filter(isBad);
    if (bad.length > 0 && check) console.error(`${bad.length} files are not right; run: npm run generate`);
    return bad.length === 0 ? 0 : 1;
  } finally {
    await engines.stop();
  }
}

process.exitCode = await main();
