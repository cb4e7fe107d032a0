import { copyFile, open, rename } from 'node:fs/promises';

/** Writes a new file (mode 600), on disk before it resolves; fails when there is one already. */
export async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Puts a file on disk and takes it from everybody but its owner. */
export async function settle(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.chmod(0o600);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Copies a file whole or not at all: a reader of `to` never meets half of it. */
export async function copyWhole(from: string, to: string): Promise<void> {
  const partial = `${to}.${process.pid}.partial`;
  await copyFile(from, partial);
  await settle(partial);
  await rename(partial, to);
}
