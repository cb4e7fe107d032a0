import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.ts';
import { migrate, NewerSchemaError } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { StorageUnavailableError } from './storage-errors.ts';
import { countOf, gate, numberOf, put, run, statementFor } from './test-scratch.ts';
import type { SuiteStore } from './test-store.ts';

async function collected<R>(batches: AsyncIterable<R[]>): Promise<R[][]> {
  const all: R[][] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

/** Part of the contract suite: opening, migrating, scanning, closing. */
export function lifecycleSuite({ engine, db }: SuiteStore): void {
  describe('scans', () => {
    const batchAfter = (size: number) => (last: { id: string } | undefined) =>
      statementFor<{ id: string }>(engine.name, 'select id from scratch where id > ? order by id limit ?', [
        last?.id ?? '',
        size,
      ]);

    test('[STO30] a scan of nothing has no batch; a statement that fails rejects', async () => {
      for await (const batch of db.scan(batchAfter(3))) expect(batch).toBe('none');
      const wrong = db.scan(() => statementFor(engine.name, 'select * from nowhere'));
      await expect(collected(wrong)).rejects.toThrow(/nowhere/);
      const bad = db.scan(() => statementFor(engine.name, 'select ? as x', ['\0']));
      await expect(collected(bad)).rejects.toThrow(/NUL/);
    });

    test('[STO30] a scan cannot write', async () => {
      const writing = db.scan(() =>
        statementFor(engine.name, `insert into scratch (id) values ('x') returning id`),
      );
      await expect(collected(writing)).rejects.toThrow();
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO30] a scan meets every row once, in batches, in order', async () => {
      const ids = Array.from({ length: 25 }, (_, index) => `id${String(index).padStart(3, '0')}`);
      await db.write((tx) => Promise.all(ids.map((id) => put(tx, id, 1))));
      const batches = await collected(db.scan(batchAfter(10)));
      expect(batches.map((batch) => batch.length)).toEqual([10, 10, 5]);
      expect(batches.flat().map((row) => row.id)).toEqual(ids);
    });

    test('[STO31] the next batch is read when the consumer asks for it', async () => {
      await db.write((tx) => Promise.all([put(tx, 'a', 1), put(tx, 'b', 1)]));
      const asked: unknown[] = [];
      const next = batchAfter(1);
      const scan = db.scan<{ id: string }>((last) => {
        asked.push(last?.id);
        return next(last);
      });
      const batches = scan[Symbol.asyncIterator]();
      await batches.next();
      await db.write((tx) => put(tx, 'c', 1));
      expect(asked).toEqual([undefined]);
      expect((await batches.next()).value).toEqual([{ id: 'b' }]);
      expect((await batches.next()).value).toEqual([{ id: 'c' }]);
      expect((await batches.next()).done).toBe(true);
    });

    test('[STO31] two scans go side by side', async () => {
      await db.write((tx) => Promise.all([put(tx, 'a', 1), put(tx, 'b', 1)]));
      const both = await Promise.all([1, 2].map((size) => collected(db.scan(batchAfter(size)))));
      expect(both).toEqual([[[{ id: 'a' }], [{ id: 'b' }]], [[{ id: 'a' }, { id: 'b' }]]]);
    });
  });

  describe('a life', () => {
    let location: Awaited<ReturnType<typeof engine.createEmpty>>;
    const opened: Database[] = [];
    const open = async () => {
      const database = await location.open();
      opened.push(database);
      return database;
    };
    beforeEach(async () => {
      location = await engine.createEmpty();
    });
    afterEach(async () => {
      for (const database of opened.splice(0)) await database.close();
      await location.remove();
    });

    test('[STO40] migrations run once, in one transaction', async () => {
      const database = await open();
      const all = MIGRATIONS.map((migration) => migration.id);
      expect(await migrate(database, 5)).toEqual(all);
      expect(await migrate(database, 6)).toEqual([]);
      const rows = await database.read((snapshot) =>
        run<{ id: string }>(snapshot, 'select id, applied_at from migrations order by id'),
      );
      expect(rows).toEqual(all.map((id) => ({ id, applied_at: 5 })));
    });

    test('[STO40] two that migrate at once do it once', async () => {
      const database = await open();
      const done = await Promise.all([migrate(database, 1), migrate(database, 1)]);
      expect(done.map((ids) => ids.length).sort()).toEqual([0, MIGRATIONS.length]);
    });

    test('[STO41] a database of a newer version is refused and left as it is', async () => {
      const database = await open();
      await migrate(database, 1);
      await database.write((tx) =>
        run(tx, `insert into migrations (id, name, applied_at) values ('9999', 'future', 1)`),
      );
      await expect(migrate(database, 2)).rejects.toThrow(NewerSchemaError);
      await expect(migrate(database, 2)).rejects.toThrow(/migration 9999/);
    });

    test('[STO42] what was written is there after closing and opening again', async () => {
      const before = await open();
      await migrate(before, 1);
      await before.write((tx) => run(tx, `update versions set version = 77 where name = 'app'`));
      await before.close();
      const after = await open();
      expect(
        await after.read((snapshot) => run(snapshot, `select version from versions where name = 'app'`)),
      ).toEqual([{ version: 77 }]);
    });

    test('[STO43] a closed store refuses with a sentence, and closing again is fine', async () => {
      const database = await open();
      await Promise.all([database.close(), database.close()]);
      await expect(database.read(async () => 1)).rejects.toThrow(StorageUnavailableError);
      await expect(database.write(async () => 1)).rejects.toThrow(StorageUnavailableError);
      await expect(database.check()).rejects.toThrow(/closed/);
      await expect(collected(database.scan(() => statementFor(engine.name, 'select 1')))).rejects.toThrow(
        StorageUnavailableError,
      );
    });
  });

  describe('running', () => {
    test('[STO43] closing waits for running work', async () => {
      const { database, discard } = await engine.create();
      const hold = gate();
      const inside = gate();
      const writing = database.write(async (tx) => {
        inside.open();
        await hold.opened;
        return run(tx, `update versions set version = 5 where name = 'app' returning version`);
      });
      await inside.opened;
      const discarded = discard();
      hold.open();
      expect(await writing).toEqual([{ version: 5 }]);
      await discarded;
    });

    test('[STO44] a store that works passes its check and counts its commits', async () => {
      const before = db.stats().commits ?? Number.NaN;
      await db.check();
      await db.write((tx) => put(tx, 'a', 1));
      const stats = db.stats();
      expect(stats.commits).toBe(before + 1);
      for (const [name, value] of Object.entries(stats)) expect(value, name).toBeGreaterThanOrEqual(0);
    });

    test('[STO45] statements that are built per request leave nothing behind', async () => {
      const held = async () => {
        for (let index = 0; index < 1_000; index++) {
          await db.read((snapshot) => run(snapshot, `select ${index} as n, count(*) as c from scratch`));
        }
        return db.stats().cached_statements ?? 0;
      };
      const first = await held();
      expect(await held()).toBeLessThanOrEqual(first);
      expect(first).toBeLessThan(600);
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBeUndefined();
    });
  });
}
