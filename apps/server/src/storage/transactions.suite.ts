import { describe, expect, test } from 'vitest';
import { ConstraintError, ReadOnlySnapshotError } from './storage-errors.ts';
import { countOf, gate, numberOf, put, run, setNumber } from './test-scratch.ts';
import type { SuiteStore } from './test-store.ts';

/** Part of the contract suite: what a transaction and a snapshot promise. */
export function transactionSuite(store: SuiteStore): void {
  const { db, hooks } = store;

  describe('transactions', () => {
    test('[STO1] a write that resolved is seen by every read that starts afterwards', async () => {
      await db.write((tx) => put(tx, 'a', 1));
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(1);
    });

    test('[STO1] a write returns what its work returns, rows of `returning` included', async () => {
      const rows = await db.write((tx) =>
        run(tx, 'insert into scratch (id, n) values (?, ?) returning id, n', ['a', 7]),
      );
      expect(rows).toEqual([{ id: 'a', n: 7 }]);
      expect(await db.write((tx) => setNumber(tx, 'a', 8))).toEqual([]);
    });

    test('[STO2] when the work throws, nothing of it stays and the same error is rethrown', async () => {
      const refusal = new Error('no');
      const attempt = db.write(async (tx) => {
        await put(tx, 'a', 1);
        throw refusal;
      });
      await expect(attempt).rejects.toBe(refusal);
      expect(await db.read(countOf)).toBe(0);
      await db.write((tx) => put(tx, 'a', 2));
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(2);
    });

    test('[STO2] what stops the commit leaves nothing behind', async () => {
      hooks.at = (point) => {
        if (point === 'before-commit') throw new Error('stopped');
      };
      await expect(db.write((tx) => put(tx, 'a', 1))).rejects.toThrow('stopped');
      hooks.at = () => undefined;
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO3] a statement that failed cannot be swallowed: the whole is rolled back', async () => {
      await db.write((tx) => put(tx, 'taken', 1));
      const attempt = db.write(async (tx) => {
        await put(tx, 'a', 1);
        await put(tx, 'taken', 2).catch(() => undefined);
        return 'swallowed';
      });
      await expect(attempt).rejects.toThrow(ConstraintError);
      expect(await db.read(countOf)).toBe(1);
    });

    test('[STO3] after a statement that failed the next ones are refused with its error', async () => {
      await db.write((tx) => put(tx, 'taken', 1));
      const seen: unknown[] = [];
      await db
        .write(async (tx) => {
          await put(tx, 'taken', 2).catch((error: unknown) => seen.push(error));
          await put(tx, 'b', 1).catch((error: unknown) => seen.push(error));
        })
        .catch((error: unknown) => seen.push(error));
      expect(seen).toHaveLength(3);
      expect(new Set(seen).size).toBe(1);
    });

    test('[STO3] an SQL error says what SQL did not like', async () => {
      await expect(db.write((tx) => run(tx, 'select * from nowhere'))).rejects.toThrow(/nowhere/);
      await expect(db.read((snapshot) => run(snapshot, 'selec 1'))).rejects.toThrow(/syntax/);
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO4] a handle is refused after its transaction or snapshot has ended', async () => {
      const tx = await db.write(async (open) => open);
      const snapshot = await db.read(async (open) => open);
      await expect(put(tx, 'late', 1)).rejects.toThrow(/had ended/);
      await expect(countOf(snapshot)).rejects.toThrow(/had ended/);
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO5] a read sees one snapshot, whatever is committed meanwhile', async () => {
      await db.write((tx) => put(tx, 'a', 1));
      const seen = await db.read(async (snapshot) => {
        const before = await numberOf(snapshot, 'a');
        await db.write((tx) => setNumber(tx, 'a', 2));
        return [before, await numberOf(snapshot, 'a')];
      });
      expect(seen).toEqual([1, 1]);
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(2);
    });

    test('[STO5] overlapping reads have a snapshot each', async () => {
      await db.write((tx) => put(tx, 'a', 1));
      const hold = gate();
      const hasRead = gate();
      const early = db.read(async (snapshot) => {
        await numberOf(snapshot, 'a');
        hasRead.open();
        await hold.opened;
        return numberOf(snapshot, 'a');
      });
      // A snapshot begins with its first statement: the write must not overtake it.
      await hasRead.opened;
      await db.write((tx) => setNumber(tx, 'a', 2));
      const late = db.read(async (snapshot) => {
        await hold.opened;
        return numberOf(snapshot, 'a');
      });
      // The late one has not read yet, so its snapshot may be newer still, but never older than its start.
      await db.read(async (snapshot) => expect(await numberOf(snapshot, 'a')).toBe(2));
      hold.open();
      expect(await Promise.all([early, late])).toEqual([1, 2]);
    });

    test('[STO5] more reads at once than there are connections all get their turn', async () => {
      await db.write((tx) => put(tx, 'a', 1));
      const reads = Array.from({ length: 100 }, () =>
        db.read(async (snapshot) => {
          const first = await numberOf(snapshot, 'a');
          await new Promise((resolve) => setImmediate(resolve));
          return first === (await numberOf(snapshot, 'a'));
        }),
      );
      expect(new Set(await Promise.all(reads))).toEqual(new Set([true]));
    });

    test('[STO6] a read cannot write', async () => {
      await expect(db.read((snapshot) => put(snapshot, 'a', 1))).rejects.toThrow(ReadOnlySnapshotError);
      await expect(db.read((snapshot) => run(snapshot, 'drop table scratch'))).rejects.toThrow(
        ReadOnlySnapshotError,
      );
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO7] acts on one subject happen one after another: 200 racing increments all count', async () => {
      await db.write((tx) => put(tx, 'a', 0));
      const increment = () =>
        db.write(async (tx) => {
          await tx.lock('call:default:a');
          const n = (await numberOf(tx, 'a')) ?? Number.NaN;
          await setNumber(tx, 'a', n + 1);
        });
      await Promise.all(Array.from({ length: 200 }, increment));
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(200);
    });

    test('[STO8] subjects named in any order are locked without a deadlock', async () => {
      await db.write((tx) => Promise.all([put(tx, 'a', 0), put(tx, 'b', 0)]));
      const move = (turned: boolean) =>
        db.write(async (tx) => {
          await (turned ? tx.lock('user:b', 'user:a', 'user:a') : tx.lock('user:a', 'user:b'));
          for (const id of turned ? ['b', 'a'] : ['a', 'b']) {
            await setNumber(tx, id, ((await numberOf(tx, id)) ?? Number.NaN) + 1);
          }
        });
      await Promise.all(Array.from({ length: 60 }, (_, index) => move(index % 2 === 0)));
      expect(await db.read((s) => Promise.all([numberOf(s, 'a'), numberOf(s, 'b')]))).toEqual([60, 60]);
    });

    test('[STO9] statements issued together run in the order of issue', async () => {
      const results = await db.write((tx) =>
        Promise.all([
          put(tx, 'a', 1),
          setNumber(tx, 'a', 2),
          numberOf(tx, 'a'),
          setNumber(tx, 'a', 3),
          numberOf(tx, 'a'),
        ]),
      );
      expect(results).toEqual([[], [], 2, [], 3]);
    });

    test('[STO9] a statement that nobody waited for is part of the commit', async () => {
      await db.write(async (tx) => {
        put(tx, 'a', 1).catch(() => undefined);
      });
      expect(await db.read((snapshot) => numberOf(snapshot, 'a'))).toBe(1);
      const attempt = db.write(async (tx) => {
        put(tx, 'b', 1).catch(() => undefined);
        put(tx, 'a', 2).catch(() => undefined);
      });
      await expect(attempt).rejects.toThrow(ConstraintError);
      expect(await db.read(countOf)).toBe(1);
    });

    test('[STO10] the hooks stand before and after the commit', async () => {
      const seen: (readonly [string, number])[] = [];
      hooks.at = async (point) => {
        if (point.endsWith('commit')) seen.push([point, await db.read(countOf)]);
      };
      await db.write((tx) => put(tx, 'a', 1));
      expect(seen).toEqual([
        ['before-commit', 0],
        ['after-commit', 1],
      ]);
    });
  });
}
