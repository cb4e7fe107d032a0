import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../../e2e/harness/server.ts';
import { median } from '../measure/figures.ts';
import { cells, type Line, ms, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import { type EngineName, emptyDatabase, type Postgres } from '../measure/subjects.ts';
import { startTask } from '../measure/task.ts';
import type { BanCheckAnswer, BanCheckOrder } from './ban-check-task.ts';

interface Measured {
  engine: EngineName;
  lookups: BanCheckAnswer;
  startMs: number;
}

/** What a join asks of a million bans, and a start with them. */
export async function measureBanCheck(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const folder = await mkdtemp(join(tmpdir(), 'callgate-bench-bans-'));
  try {
    const measured = [await measure('SQLite', { folder }, options)];
    if (postgres) {
      await emptyDatabase(postgres.url);
      measured.push(await measure('PostgreSQL', { url: postgres.url }, options));
    }
    return partOf(measured, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  engine: EngineName,
  at: BanCheckOrder['at'],
  { bans, prefixes, lookups, starts }: RunOptions,
): Promise<Measured> {
  const task = startTask<BanCheckOrder, BanCheckAnswer>(new URL('./ban-check-task.ts', import.meta.url));
  const answer = await task.ask({ at, bans, prefixes, lookups });
  await task.stop();
  const took = await timeStarts(at, starts);
  return { engine, lookups: answer, startMs: median(took) };
}

/** From the start of the process until it says that it is ready, in milliseconds; several starts. */
export async function timeStarts(at: BanCheckOrder['at'], starts: number): Promise<number[]> {
  const began = performance.now();
  const server = await startServer({
    readyWithinMs: 60_000,
    ...('url' in at ? { env: { DATABASE_URL: at.url } } : { dataDir: at.folder }),
  });
  const took = [performance.now() - began];
  while (took.length < starts) {
    await server.stop();
    const again = performance.now();
    await server.start();
    took.push(performance.now() - again);
  }
  await server.stop();
  await server.discard();
  return took;
}

function partOf(measured: readonly Measured[], { bans, prefixes, lookups }: RunOptions): Part {
  const worst = ({ lookups: all }: Measured): number => Math.max(...all.slice(1).map(([, { p99 }]) => p99));
  const [sqlite] = measured;
  return {
    title: 'The ban check of a join',
    text:
      `${bans.toLocaleString('en-US')} bans of people and ${prefixes.toLocaleString('en-US')} banned prefixes, ` +
      `half IPv4, half IPv6. Both questions of a join (the person's standing, the address) in one snapshot, ` +
      `${lookups.toLocaleString('en-US')} look-ups of each kind one after another, each of another person and ` +
      `address, answers checked. A start is timed from the start of the process until /readyz answers 200.`,
    head: ['', 'per second', 'p50', 'p99'],
    lines: measured.flatMap(({ engine, lookups: all, startMs }): Line[] => [
      ...all.map(([name, round]): Line => [`${engine}: ${name}`, ...cells(round)]),
      [`${engine}: start`, '', ms(startMs), ''],
    ]),
    targets: sqlite
      ? [
          under('ban check, SQLite, the slowest kind, p99', worst(sqlite), 0.2, 'ms'),
          ...measured.map((one) => under(`start with the bans, ${one.engine}`, one.startMs, 3_000, 'ms')),
        ]
      : [],
  };
}
