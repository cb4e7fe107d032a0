import { measureActs } from './acts.ts';
import { measureBanCheck } from './ban-check.ts';
import { measureGetCall } from './get-call.ts';
import { measureIdle } from './idle.ts';
import { machine } from './machine.ts';
import { figuresText } from './report.ts';
import type { Part } from './result.ts';
import type { RunOptions } from './run-options.ts';
import { measureSlowDisk } from './slow-disk.ts';
import { type Postgres, startPostgres } from './subjects.ts';

type Measure = (postgres: Postgres | undefined, options: RunOptions) => Promise<Part>;

/** The parts of the report, in its order. */
export const PARTS: Readonly<Record<string, Measure>> = {
  get: measureGetCall,
  acts: measureActs,
  'slow-disk': (_postgres, options) => measureSlowDisk(options),
  bans: measureBanCheck,
  idle: measureIdle,
};

/** Measures the API; resolves with the figures as Markdown. Tells on stderr how far it is. */
export async function benchApi(options: RunOptions): Promise<string> {
  const describedMachine = machine();
  const postgres = await startPostgres();
  try {
    const parts: Part[] = [];
    for (const [name, measure] of Object.entries(PARTS)) {
      if (options.only.length > 0 && !options.only.includes(name)) continue;
      const began = performance.now();
      const part = await measure(postgres, options);
      parts.push(part);
      const seconds = Math.round((performance.now() - began) / 1000);
      const found = part.targets.map((target) => `${target.name}: ${target.measured}`);
      process.stderr.write(`${name}, after ${seconds} s: ${found.join('; ')}\n`);
    }
    return figuresText(parts, {
      machine: describedMachine,
      postgres: postgres?.description ?? 'PostgreSQL is not installed here and was left out',
      options,
    });
  } finally {
    await postgres?.stop();
  }
}
