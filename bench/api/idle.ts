import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../measure/figures.ts';
import { makePeopleAndCalls } from '../measure/people.ts';
import { type Line, ms, type Part, under } from '../measure/result.ts';
import type { RunOptions } from '../measure/run-options.ts';
import { endSubjects, type Postgres, type Subject, startSubjects } from '../measure/subjects.ts';

/** What a server holds that has started and was asked nothing, after this long. */
const IDLE_MS = 2_000;

interface Measured {
  subject: Subject;
  startsMs: number[];
  megabytes: number[];
}

/** Memory at rest and the time of a start, on a folder (or database) that is there already. */
export async function measureIdle(postgres: Postgres | undefined, options: RunOptions): Promise<Part> {
  const subjects = await startSubjects(postgres, options);
  try {
    const measured: Measured[] = [];
    for (const subject of subjects) {
      await makePeopleAndCalls(subject.server);
      measured.push(await restart(subject, options.starts));
    }
    return partOf(measured);
  } finally {
    await endSubjects(subjects);
  }
}

async function restart(subject: Subject, starts: number): Promise<Measured> {
  const { server } = subject;
  const measured: Measured = { subject, startsMs: [], megabytes: [] };
  for (let start = 0; start < starts; start++) {
    await server.stop();
    const began = performance.now();
    await server.start();
    measured.startsMs.push(performance.now() - began);
    await pause(IDLE_MS);
    measured.megabytes.push(await residentMegabytes(server.pid));
  }
  return measured;
}

/** Resident memory as Linux counts it, in MB of 1,000,000 bytes. */
async function residentMegabytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return (Number(kibibytes) * 1024) / 1e6;
}

function partOf(measured: readonly Measured[]): Part {
  return {
    title: 'Start and memory',
    text:
      `512 people and calls are there. A start is timed from the start of the process until /readyz answers 200; ` +
      `resident memory ${IDLE_MS / 1000} s after that. Medians of ${measured[0]?.startsMs.length ?? 0} starts, and the worst.`,
    head: ['', 'start', 'slowest start', 'resident memory', 'most'],
    lines: measured.map(
      ({ subject, startsMs, megabytes }): Line => [
        subject.engine,
        ms(median(startsMs)),
        ms(Math.max(...startsMs)),
        `${Math.round(median(megabytes))} MB`,
        `${Math.round(Math.max(...megabytes))} MB`,
      ],
    ),
    targets: measured.flatMap(({ subject: { engine }, startsMs, megabytes }) => [
      under(`idle memory, ${engine}`, median(megabytes), 150, 'MB'),
      under(`start to ready, ${engine}`, median(startsMs), 2_000, 'ms'),
    ]),
  };
}
