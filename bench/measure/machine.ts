import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';

/** What the figures were measured on. */
export function machine(): string[] {
  const all = cpus();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return [
    `${all.length} cores (${all[0]?.model.trim() ?? 'unknown'}), ${gigabytes} GB, Linux ${release()}`,
    `Node ${process.version}`,
    `databases on ${fileSystemOf(tmpdir())}`,
    `load average at the start: ${loadavg()[0]?.toFixed(2)}`,
  ];
}

/** The type of the file system that holds a path: its longest mount point. */
function fileSystemOf(path: string): string {
  const mounts = readFileSync('/proc/mounts', 'utf8').trim().split('\n');
  const holding = mounts
    .map((line) => line.split(' '))
    .filter(([, point = '']) => path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`))
    .sort(([, a = ''], [, b = '']) => b.length - a.length);
  return holding[0]?.[2] ?? 'an unknown file system';
}
