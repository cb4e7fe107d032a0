import {
  fdatasync as fdatasyncOfNode,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { monotonicMs } from '../kernel/clock.ts';
import { type Database, StorageFailedError } from './database.ts';
import { openSqlite, type SqliteOptions } from './sqlite.ts';
import { StorageBusyError, StorageUnavailableError } from './storage-errors.ts';
import { testEngines } from './test-databases.ts';
import { countOf, createScratch, gate, numberOf, put, run } from './test-scratch.ts';

const fdatasync = promisify(fdatasyncOfNode);

describe('durability of SQLite', () => {
  let location: { location: string; remove(): Promise<void> };
  let db: Database;
  const open = async (options: Omit<SqliteOptions, 'folder'> = {}) => {
    db = await openSqlite({ folder: location.location, ...options });
    await createScratch(db);
  };
  beforeEach(async () => {
    location = await (testEngines[0]?.createEmpty() ?? Promise.reject(new Error('SQLite is always tested')));
  });
  afterEach(async () => {
    await db.close();
    await location.remove();
  });

  test('[STO50] a write resolves only after a sync that began after its commit', async () => {
    const events: string[] = [];
    const hold = gate();
    let held = false;
    await open({
      fdatasync: async (fd) => {
        events.push('sync begins');
        if (held) await hold.opened;
        await fdatasync(fd);
        events.push('sync ends');
      },
      hooks: { at: (point) => void (point === 'after-commit' && events.push('committed')) },
    });
    events.length = 0;
    held = true;
    // The second is committed while the sync for the first runs: that sync must not acknowledge it.
    const first = db.write((tx) => put(tx, 'a', 1)).then(() => events.push('first acknowledged'));
    while (!events.includes('sync begins')) await pause(1);
    const second = db.write((tx) => put(tx, 'b', 1)).then(() => events.push('second acknowledged'));
    while (events.length < 3) await pause(1);
    const seen = await db.read(countOf);
    const eventsBefore = [...events];
    hold.open();
    await Promise.all([first, second]);
    expect(seen).toBe(2);
    expect(eventsBefore).toEqual(['committed', 'sync begins', 'committed']);
    expect(events).toEqual([
      'committed',
      'sync begins',
      'committed',
      'sync ends',
      'first acknowledged',
      'sync begins',
      'sync ends',
      'second acknowledged',
    ]);
  });

  test('[STO51] a write that wrote nothing waits for the commits that it may have read', async () => {
    const hold = gate();
    const begun = gate();
    let held = false;
    await open({
      fdatasync: async (fd) => {
        if (held) {
          begun.open();
          await hold.opened;
        }
        await fdatasync(fd);
      },
    });
    const done: string[] = [];
    await db.write(async () => done.push('nothing pending'));
    held = true;
    const writing = db.write((tx) => put(tx, 'a', 1)).then(() => done.push('wrote'));
    const reading = db.write((tx) => numberOf(tx, 'a')).then((n) => done.push(`read ${n}`));
    await begun.opened;
    await db.read(countOf);
    const doneBefore = [...done];
    hold.open();
    await Promise.all([writing, reading]);
    expect(doneBefore).toEqual(['nothing pending']);
    expect(done).toEqual(['nothing pending', 'wrote', 'read 1']);
  });

  test('[STO52] when the sync fails nothing is acknowledged and every later write is refused', async () => {
    let failing = false;
    let calls = 0;
    await open({
      fdatasync: async (fd) => {
        calls++;
        if (failing) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
        await fdatasync(fd);
      },
    });
    failing = true;
    const attempts = Array.from({ length: 20 }, (_, index) => db.write((tx) => put(tx, `a${index}`, 1)));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toEqual([]);
    failing = false;
    const before = calls;
    await expect(db.write((tx) => put(tx, 'later', 1))).rejects.toThrow(StorageFailedError);
    await expect(db.write(async () => 'nothing')).rejects.toThrow(/check the disk, then restart/);
    await expect(db.check()).rejects.toThrow(StorageFailedError);
    expect(calls).toBe(before);
    expect(db.stats()).toMatchObject({ failed: 1 });
    expect(await db.read((snapshot) => numberOf(snapshot, 'later'))).toBeUndefined();
  });

  test('[STO52] a commit made while the failing sync ran is not acknowledged either', async () => {
    const hold = gate();
    const begun = gate();
    let failing = false;
    await open({
      fdatasync: async (fd) => {
        if (!failing) return fdatasync(fd);
        begun.open();
        await hold.opened;
        throw new Error('EIO');
      },
    });
    failing = true;
    const first = db.write((tx) => put(tx, 'a', 1));
    await begun.opened;
    const second = db.write((tx) => put(tx, 'b', 1));
    hold.open();
    const outcomes = await Promise.allSettled([first, second]);
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected']);
  });

  test('[STO52] a disk that hangs fails the check until it answers', async () => {
    const hold = gate();
    let held = false;
    await open({
      maxSyncMs: 20,
      fdatasync: (fd) => (held ? hold.opened : Promise.resolve()).then(() => fdatasync(fd)),
    });
    held = true;
    const writing = db.write((tx) => put(tx, 'a', 1));
    while ((db.stats().sync_running_ms ?? 0) <= 20) await pause(1);
    await expect(db.check()).rejects.toThrow('the disk has not stored a commit for 20 ms');
    hold.open();
    await writing;
    await db.check();
  });

  test('[STO53] writes share syncs', async () => {
    await open();
    const before = db.stats();
    await Promise.all(Array.from({ length: 500 }, (_, index) => db.write((tx) => put(tx, `a${index}`, 1))));
    const after = db.stats();
    expect((after.commits ?? 0) - (before.commits ?? 0)).toBe(500);
    expect((after.syncs ?? 0) - (before.syncs ?? 0)).toBeLessThanOrEqual(50);
  });

  test('[STO54] with every sync delayed by 10 ms neither reads nor the event loop wait', async () => {
    await open({ fdatasync: (fd) => pause(10).then(() => fdatasync(fd)) });
    await db.write((tx) => put(tx, 'a', 1));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    let writing = true;
    const writes = (async () => {
      for (let n = 0; n < 20; n++) await db.write((tx) => put(tx, `n${n}`, n));
      writing = false;
    })();
    delay.enable();
    const readMs: number[] = [];
    while (writing) {
      const start = monotonicMs();
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(1);
      readMs.push(monotonicMs() - start);
      await pause(1);
    }
    await writes;
    delay.disable();
    readMs.sort((a, b) => a - b);
    // Generous, because tests share the machine: a read that waited for a sync would take 10 ms, always.
    expect(readMs[Math.floor(readMs.length / 2)]).toBeLessThan(2);
    expect(delay.percentile(50) / 1e6).toBeLessThan(5);
    expect(readMs.length).toBeGreaterThan(20);
  });

  test('[STO55] the log stays bounded under constant writing', async () => {
    const limits = { passive: 64, restart: 256, stall: 1_024 };
    await open({ checkpoint: limits });
    const body = 'x'.repeat(3_000);
    let largest = 0;
    let largestBytes = 0;
    for (let round = 0; round < 60; round++) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          db.write((tx) =>
            run(tx, 'insert into scratch (id, body) values (?, ?)', [`${round}-${index}`, body]),
          ),
        ),
      );
      largest = Math.max(largest, db.stats().wal_frames ?? 0);
      largestBytes = Math.max(largestBytes, db.stats().wal_bytes ?? 0);
    }
    // 6,000 commits of at least two pages each: without checkpoints the log would hold over 12,000 frames.
    expect(db.stats().checkpoints).toBeGreaterThan(0);
    expect(largest).toBeLessThan(limits.stall * 2);
    expect(largestBytes).toBeLessThan(limits.stall * 2 * 4_120);
    expect(await db.read(countOf)).toBe(6_000);
  });

  test('[STO55] a reader that holds an old snapshot delays the restart of the log, and nothing else', async () => {
    await open({ checkpoint: { passive: 16, restart: 32, stall: 4_096 } });
    const hold = gate();
    const reading = db.read(async (snapshot) => {
      const before = await countOf(snapshot);
      await hold.opened;
      return [before, await countOf(snapshot)];
    });
    for (let n = 0; n < 100; n++) await db.write((tx) => put(tx, `n${n}`, n));
    hold.open();
    expect(await reading).toEqual([0, 0]);
    for (let n = 100; n < 300; n++) await db.write((tx) => put(tx, `n${n}`, n));
    expect(await db.read(countOf)).toBe(300);
  });

  test('[STO56] a log that was moved away under the running store is noticed', async () => {
    await open();
    const wal = join(location.location, 'callgate.db-wal');
    renameSync(wal, `${wal}-gone`);
    await expect(db.write((tx) => put(tx, 'a', 1))).rejects.toThrow(
      /write-ahead log was deleted or replaced/,
    );
    await expect(db.write((tx) => put(tx, 'b', 1))).rejects.toThrow(StorageFailedError);
    renameSync(`${wal}-gone`, wal);
  });

  test('[STO57] closing leaves one database file without a log, readable by its owner alone', async () => {
    await open();
    await db.write((tx) => put(tx, 'a', 1));
    expect(statSync(location.location).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(location.location)) {
      expect(statSync(join(location.location, file)).mode & 0o777, file).toBe(0o600);
    }
    await db.close();
    expect(readdirSync(location.location).sort()).toEqual(['callgate.db', 'callgate.lock', 'callgate.pid']);
  });

  test('[STO46] a file that is no database is refused with a sentence, and the folder is free again', async () => {
    const file = join(location.location, 'callgate.db');
    writeFileSync(file, 'something else '.repeat(1_000));
    const attempt = openSqlite({ folder: location.location });
    await expect(attempt).rejects.toThrow(StorageUnavailableError);
    await expect(attempt).rejects.toThrow(/cannot be opened: file is not a database. Check the disk/);
    rmSync(file);
    await open();
  });

  test('[STO58] a write inside a write is refused after the longest wait instead of hanging', async () => {
    await open({ maxWaitMs: 50 });
    const attempt = db.write(() => db.write((tx) => put(tx, 'inner', 1)));
    await expect(attempt).rejects.toThrow(StorageBusyError);
    await db.write((tx) => put(tx, 'a', 1));
    expect(await db.read(countOf)).toBe(1);
  });
});
