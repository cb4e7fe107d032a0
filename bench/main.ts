/**
 * `npm run bench -- api [--quick] [--write] [--only <part>]... [--profile <folder>]`: measures, and prints the
 * figures as Markdown. `--quick` only shows that everything runs (under a minute). `--write` puts them into
 * docs/reference/performance.md. `--profile` has the servers write processor profiles there.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { benchApi, PARTS } from './api/index.ts';
import { withFigures } from './api/report.ts';
import { FULL, QUICK } from './api/run-options.ts';

const PAGE = join(import.meta.dirname, '../docs/reference/performance.md');
const USAGE = `usage: npm run bench -- api [--quick] [--write] [--only ${Object.keys(PARTS).join('|')}]... [--profile <folder>]\n`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
    },
  });
  const [what, ...more] = positionals;
  if (what !== 'api' || more.length > 0) throw new Error(`say what to measure: ${positionals.join(' ')}`);
  const unknown = values.only.find((name) => !(name in PARTS));
  if (unknown !== undefined) throw new Error(`unknown part "${unknown}"`);
  if (values.write && (values.quick || values.only.length > 0 || values.profile !== undefined)) {
    throw new Error('--write takes whole runs alone, without --quick, --only and --profile');
  }
  return values;
}

async function main({ quick, write, only, profile }: ReturnType<typeof readArguments>): Promise<void> {
  const size = quick ? QUICK : FULL;
  const folder = profile === undefined ? undefined : resolve(profile);
  const figures = await benchApi({ ...size, only, profile: folder });
  process.stdout.write(`${figures}\n`);
  if (write) await writeFile(PAGE, withFigures(await readFile(PAGE, 'utf8'), figures));
}

let given: ReturnType<typeof readArguments> | undefined;
try {
  given = readArguments();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}
if (given) await main(given);
