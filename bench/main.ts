/**
 * `npm run bench -- api|events|door|media [--quick] [--write] [--only <part>]... [--profile <folder>]`: measures, and prints the
 * figures as Markdown. `--quick` only shows that everything runs (about a minute). `--write` puts them into
 * docs/reference/performance.md. `--profile` has the servers of `api` write processor profiles there.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { API_PARTS } from './api/index.ts';
import { DOOR_PARTS } from './door/index.ts';
import { EVENT_PARTS } from './events/index.ts';
import { withFigures } from './measure/report.ts';
import { FULL, QUICK } from './measure/run-options.ts';
import { runParts } from './measure/run-parts.ts';
import { MEDIA_PARTS } from './media/index.ts';

const PAGE = join(import.meta.dirname, '../docs/reference/performance.md');
const SUBJECTS = { api: API_PARTS, events: EVENT_PARTS, door: DOOR_PARTS, media: MEDIA_PARTS };
const USAGE = Object.entries(SUBJECTS)
  .map(([what, parts]) => {
    const names = Object.keys(parts).join('|');
    return `usage: npm run bench -- ${what} [--quick] [--write] [--only ${names}]... [--profile <folder>]\n`;
  })
  .join('');

const isSubject = (what: string | undefined): what is keyof typeof SUBJECTS =>
  what !== undefined && Object.hasOwn(SUBJECTS, what);

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
  if (!isSubject(what) || more.length > 0) throw new Error(`say what to measure: ${positionals.join(' ')}`);
  const unknown = values.only.find((name) => !(name in SUBJECTS[what]));
  if (unknown !== undefined) throw new Error(`unknown part "${unknown}"`);
  if (values.write && (values.quick || values.only.length > 0 || values.profile !== undefined)) {
    throw new Error('--write takes whole runs alone, without --quick, --only and --profile');
  }
  return { ...values, what } as const;
}

async function main({ what, quick, write, only, profile }: ReturnType<typeof readArguments>): Promise<void> {
  const size = quick ? QUICK : FULL;
  const folder = profile === undefined ? undefined : resolve(profile);
  const figures = await runParts(SUBJECTS[what], { ...size, only, profile: folder });
  process.stdout.write(`${figures}\n`);
  if (write) await writeFile(PAGE, withFigures(await readFile(PAGE, 'utf8'), what, figures));
}

let given: ReturnType<typeof readArguments> | undefined;
try {
  given = readArguments();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}
if (given) await main(given);
