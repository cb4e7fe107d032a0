import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FolderInUseError } from './folder-lock.ts';
import { openSqlite } from './sqlite.ts';
import { type TestEngine, testEngines } from './test-databases.ts';
import { createScratch, run } from './test-scratch.ts';

const CHILD = join(import.meta.dirname, 'test-kill-child.ts');
const ROUNDS = 4;
/** Acknowledgements to wait for before the kill; it then strikes wherever the child happens to be. */
const ACKNOWLEDGED_AT_LEAST = 200;

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts the writing child; `acknowledged` grows while it lives. */
function startChild(engine: TestEngine, location: string, first: number) {
  const child = spawn(process.execPath, [CHILD, engine.name, location, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const acknowledged: number[] = [];
  let started = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  let enough = (): void => undefined;
  const busy = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const lines = createInterface(child.stdout);
  lines.on('line', (line) => {
    if (line === 'ready') started();
    else acknowledged.push(Number(line));
    if (acknowledged.length >= ACKNOWLEDGED_AT_LEAST) enough();
  });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { child, acknowledged, ready, busy, kill };
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    let location: Awaited<ReturnType<typeof engine.createEmpty>>;
    beforeEach(async () => {
      location = await engine.createEmpty();
      const database = await location.open();
      await createScratch(database);
      await database.close();
    });
    afterEach(() => location.remove());

    test(`[STO35] kill -9: every acknowledged row is there, in ${ROUNDS} rounds`, async () => {
      const acknowledged: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const child = startChild(engine, location.location, round * 1_000_000);
        await child.busy;
        await child.kill();
        acknowledged.push(...child.acknowledged);
        const database = await location.open();
        const rows = await database.read((snapshot) => run<{ n: number }>(snapshot, 'select n from scratch'));
        await database.close();
        const stored = new Set(rows.map((row) => row.n));
        expect(acknowledged.filter((n) => !stored.has(n))).toEqual([]);
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED_AT_LEAST);
    });
  });
}

describe('the data folder of SQLite', () => {
  const sqlite = testEngines[0];
  if (sqlite?.name !== 'sqlite') throw new Error('SQLite is always tested');

  test('[STO36] a second process is refused and told which one has the folder; kill -9 frees it', async () => {
    const location = await sqlite.createEmpty();
    const first = await location.open();
    await createScratch(first);
    await first.close();
    const child = startChild(sqlite, location.location, 0);
    await child.ready;
    const attempt = openSqlite({ folder: location.location });
    await expect(attempt).rejects.toThrow(FolderInUseError);
    await expect(attempt).rejects.toThrow(`in use by process ${child.child.pid}. Stop that process`);
    await child.kill();
    const database = await location.open();
    await database.close();
    await location.remove();
  });

  test('[STO36] the same process cannot open the folder twice either, and keeps its hold when it tries', async () => {
    const { location, discard } = await sqlite.create();
    await expect(openSqlite({ folder: location })).rejects.toThrow(`in use by process ${process.pid}`);
    const other = spawn(process.execPath, [CHILD, 'sqlite', location, '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(other);
    const [said] = await Promise.all([text(other.stderr), text(other.stdout), once(other, 'exit')]);
    expect(other.exitCode).toBe(1);
    expect(said).toContain(
      `FolderInUseError: The data folder ${location} is in use by process ${process.pid}`,
    );
    await discard();
  });
});
