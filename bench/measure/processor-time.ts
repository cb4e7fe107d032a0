import { readFile } from 'node:fs/promises';
import type { Round } from './figures.ts';

/** Ticks of `/proc/<pid>/stat` in a second; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time that a process has used so far with all its threads, in milliseconds. */
async function processorMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces; user and system time are the 14th and 15th fields of the line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** A round with the processor time that the process took for each of its requests. */
export async function withProcessorTime(pid: number, measure: () => Promise<Round>): Promise<Round> {
  const before = await processorMs(pid);
  const round = await measure();
  return { ...round, processorUs: ((await processorMs(pid)) - before) * (1000 / round.count) };
}
