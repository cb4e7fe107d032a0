import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database, StorageHooks } from './database.ts';
import { openSqlite } from './sqlite.ts';
import { testEngines } from './test-databases.ts';
import { countOf, createScratch, gate, numberOf, put, run } from './test-scratch.ts';

describe('writes of SQLite that share a commit', () => {
  let location: { location: string; remove(): Promise<void> };
  let db: Database;
  const hooks: StorageHooks = { at: () => undefined };
  beforeEach(async () => {
    location = await (testEngines[0]?.createEmpty() ?? Promise.reject(new Error('SQLite is always tested')));
    db = await openSqlite({ folder: location.location, hooks });
    await createScratch(db);
  });
  afterEach(async () => {
    hooks.at = () => undefined;
    await db.close();
    await location.remove();
  });
  const statuses = (outcomes: PromiseSettledResult<unknown>[]) => outcomes.map(({ status }) => status);

  test('[STO62] one that throws takes back its own changes alone, wherever it stands', async () => {
    for (const failing of [0, 1, 2]) {
      const attempts = [0, 1, 2].map((place) =>
        db.write(async (tx) => {
          await put(tx, `${failing}-${place}`, place);
          if (place === failing) throw new Error('stopped');
        }),
      );
      const outcomes = statuses(await Promise.allSettled(attempts));
      expect(outcomes.indexOf('rejected'), `failing: ${failing}`).toBe(failing);
      expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(2);
      expect(await db.read(countOf)).toBe((failing + 1) * 2);
    }
  });

  test('[STO62] a constraint that refuses one leaves its neighbours', async () => {
    const attempts = [1, 2, 3].map((n) => db.write((tx) => put(tx, n === 3 ? 'b' : 'a', n)));
    expect(statuses(await Promise.allSettled(attempts))).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await db.read((s) => Promise.all([numberOf(s, 'a'), numberOf(s, 'b')]))).toEqual([1, 3]);
  });

  test('[STO62] they share the pages of the log, and 16 at most share a commit', async () => {
    let commits = 0;
    let seen = 0;
    const sizes: number[] = [];
    hooks.at = async (point) => {
      if (point !== 'after-commit') return;
      const count = (await db.read(countOf)) - seen;
      if (count > 0) sizes.push(count);
      seen += count;
      commits++;
    };
    await db.write((tx) => put(tx, 'first', 0));
    const before = db.stats().wal_frames ?? Number.NaN;
    const writes: Promise<unknown>[] = [];
    for (let n = 0; n < 100; n++) {
      writes.push(db.write((tx) => put(tx, `n${n}`, n)));
      // Some promises later the turn to write is free again, and the event loop still in the same turn.
      for (let wait = 0; wait < 20; wait++) await Promise.resolve();
    }
    await Promise.all(writes);
    expect(commits).toBe(101);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(16);
    // Two pages each by themselves: the row and its index.
    expect((db.stats().wal_frames ?? Number.NaN) - before).toBeLessThan(100);
  });

  test('[STO62] nobody reads what is not committed', async () => {
    const seen: number[] = [];
    hooks.at = async (point) => {
      if (point === 'before-commit') seen.push(await db.read(countOf));
    };
    await Promise.all(['a', 'b', 'c'].map((id) => db.write((tx) => put(tx, id, 1))));
    expect(seen).toEqual([0, 0, 0]);
    expect(await db.read(countOf)).toBe(3);
  });

  test('[STO63] a commit that is refused rejects all that share it, also who only read in it', async () => {
    await db.write(async (tx) => {
      await run(tx, 'create table child (id text references scratch (id) deferrable initially deferred)');
    });
    const attempts = [
      db.write((tx) => put(tx, 'a', 1)),
      db.write((tx) => numberOf(tx, 'a')),
      db.write((tx) => run(tx, 'insert into child (id) values (?)', ['nobody'])),
    ];
    expect(statuses(await Promise.allSettled(attempts))).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await db.read(countOf)).toBe(0);
    await db.write((tx) => put(tx, 'b', 1));
    expect(await db.read(countOf)).toBe(1);
  });

  test('[STO63] a full disk that makes SQLite take back the whole rejects all that share it', async () => {
    const [size] = await db.read((s) => run<{ page_count: number }>(s, 'pragma page_count'));
    await db.write((tx) => run(tx, `pragma max_page_count = ${(size?.page_count ?? 0) + 2}`));
    const attempts = [
      db.write((tx) => put(tx, 'a', 1)),
      db.write((tx) => run(tx, 'insert into scratch (id, body) values (?, ?)', ['b', 'x'.repeat(100_000)])),
      db.write((tx) => put(tx, 'c', 1)),
    ];
    const stored = statuses(await Promise.allSettled(attempts)).filter((status) => status === 'fulfilled');
    expect(await db.read(countOf)).toBe(stored.length);
    expect((await Promise.allSettled(attempts))[1]?.status).toBe('rejected');
    await db.write((tx) => put(tx, 'd', 1));
  });

  test('[STO64] one that waits for something else keeps nobody and is run again alone', async () => {
    const hold = gate();
    let attempts = 0;
    const first = db.write((tx) => put(tx, 'a', 1));
    const waiting = db.write(async (tx) => {
      attempts++;
      await put(tx, 'b', 1);
      await hold.opened;
      await put(tx, 'c', 1);
    });
    await first;
    expect(await db.read(countOf)).toBe(1);
    const later = db.write((tx) => put(tx, 'd', 1));
    await turnOfTheLoop();
    hold.open();
    await Promise.all([waiting, later]);
    expect(attempts).toBe(2);
    expect(await db.read(countOf)).toBe(4);
  });

  test('[STO64] the first of them may wait as long as it likes and is run once', async () => {
    const hold = gate();
    let attempts = 0;
    const waiting = db.write(async (tx) => {
      attempts++;
      await put(tx, 'a', 1);
      await hold.opened;
      await put(tx, 'b', 1);
    });
    const later = db.write((tx) => put(tx, 'c', 1));
    for (let n = 0; n < 3; n++) await turnOfTheLoop();
    expect(await db.read(countOf)).toBe(0);
    hold.open();
    await Promise.all([waiting, later]);
    expect(attempts).toBe(1);
    expect(await db.read(countOf)).toBe(3);
  });
});
