import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../storage/data-folder.ts';
import { type Checkpoint, parseCheckpoints } from './checkpoint.ts';

export const CHECKPOINT_FILE = 'audit-checkpoints.ndjson';
/** The file before the present one. */
export const OLD_CHECKPOINT_FILE = 'audit-checkpoints.1.ndjson';
/** At this size the file becomes the old one: two files of about 4,000 checkpoints at most, 3 to 6 busy days. */
const ROTATE_BYTES = 1024 * 1024;
const LONGEST_LINE_BYTES = 1024;

/** Appends a checkpoint and waits until it is on disk. One line is one write, so two processes do not mix. */
export async function appendCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  rotateBytes = ROTATE_BYTES,
): Promise<void> {
  const path = join(folder, CHECKPOINT_FILE);
  const size = existsSync(path) ? (await stat(path)).size : 0;
  if (size >= rotateBytes) await rename(path, join(folder, OLD_CHECKPOINT_FILE));
  const isNew = size === 0 || size >= rotateBytes;
  const file = await open(path, 'a+', 0o600);
  try {
    await dropCutLine(file);
    await file.appendFile(`${JSON.stringify(checkpoint)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  if (isNew) syncFolder(folder);
}

/** What a crash left of a line would spoil the next one. */
async function dropCutLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const from = Math.max(0, size - LONGEST_LINE_BYTES);
  const tail = Buffer.alloc(size - from);
  await file.read(tail, 0, tail.length, from);
  const whole = tail.lastIndexOf('\n') + 1;
  if (whole < tail.length) await file.truncate(from + whole);
}

/** The checkpoints of a folder, oldest first, and the file and line of the first that cannot be read. */
export async function readCheckpoints(
  folder: string,
): Promise<{ checkpoints: Checkpoint[]; unreadable?: string }> {
  const checkpoints: Checkpoint[] = [];
  for (const name of [OLD_CHECKPOINT_FILE, CHECKPOINT_FILE]) {
    const path = join(folder, name);
    if (!existsSync(path)) continue;
    const { checkpoints: found, badLine } = parseCheckpoints(await readFile(path, 'utf8'));
    checkpoints.push(...found);
    if (badLine !== undefined) return { checkpoints, unreadable: `${name} line ${badLine}` };
  }
  return { checkpoints };
}
