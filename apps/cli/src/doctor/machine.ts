import { existsSync } from 'node:fs';
import { open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { monotonicMs } from '@callgate/server/kernel/clock.ts';

/** What the doctor asks the operating system: a port, so that a test can give it a disk that is full or slow. */
export interface Machine {
  /** Of the file system that holds the folder; files: null where it does not count them. */
  space(folder: string): Promise<{ bytes: number; files: number | null }>;
  /** Writes 4 KB to a new file in the folder and syncs it, five times; the median sync in ms. The file is gone then. */
  syncMs(folder: string): Promise<number>;
  /** Permission bits of a file or folder; undefined: it is not there. */
  mode(path: string): Promise<number | undefined>;
  /** Files that the process may have open; undefined where that cannot be read. */
  openFiles(pid: number): Promise<number | undefined>;
}

const TIMES = 5;
const PIECE = Buffer.alloc(4096, 'callgate');

/** This machine. */
export const thisMachine: Machine = {
  async space(folder) {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return { bytes: bavail * bsize, files: files === 0 ? null : ffree };
  },
  async syncMs(folder) {
    const path = join(folder, `.doctor-${process.pid}`);
    const file = await open(path, 'wx', 0o600);
    try {
      const took: number[] = [];
      for (let time = 0; time < TIMES; time++) {
        await file.write(PIECE);
        const began = monotonicMs();
        await file.datasync();
        took.push(monotonicMs() - began);
      }
      return took.sort((one, other) => one - other)[Math.floor(TIMES / 2)] ?? 0;
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  },
  async mode(path) {
    return existsSync(path) ? (await stat(path)).mode & 0o777 : undefined;
  },
  async openFiles(pid) {
    const limits = await readFile(`/proc/${pid}/limits`, 'utf8').catch(() => '');
    const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1];
    if (soft === undefined) return undefined;
    return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  },
};

/** The folder, or the nearest one above it that is there. */
export const nearestFolder = (folder: string): string =>
  existsSync(folder) ? folder : nearestFolder(dirname(folder));
