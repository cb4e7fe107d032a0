import { machine } from './machine.ts';
import { figuresText } from './report.ts';
import type { Part } from './result.ts';
import type { RunOptions } from './run-options.ts';
import { type Postgres, startPostgres } from './subjects.ts';

/** One part of a report; without PostgreSQL it measures SQLite alone. */
export type Measure = (postgres: Postgres | undefined, options: RunOptions) => Promise<Part>;

/** Measures part after part; resolves with the figures as Markdown. Tells on stderr how far it is. */
export async function runParts(
  parts: Readonly<Record<string, Measure>>,
  options: RunOptions,
): Promise<string> {
  const describedMachine = machine();
  const postgres = await startPostgres();
  try {
    const found: Part[] = [];
    for (const [name, measure] of Object.entries(parts)) {
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      const began = performance.now();
      const part = await measure(postgres, options);
      found.push(part);
      const seconds = Math.round((performance.now() - began) / 1000);
      const measured = part.targets.map((target) => `${target.name}: ${target.measured}`);
      process.stderr.write(`${name}, after ${seconds} s: ${measured.join('; ')}\n`);
    }
    return figuresText(found, {
      machine: describedMachine,
      postgres: postgres?.description ?? 'PostgreSQL is not installed here and was left out',
      options,
    });
  } finally {
    await postgres?.stop();
  }
}
