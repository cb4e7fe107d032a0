import { describe, expect, test } from 'vitest';
import type { Database, Handle } from './database.ts';
import { rawStatement } from './prepared.ts';
import { remembered } from './remembered.ts';
import { State } from './state.ts';
import { testEngines } from './test-databases.ts';
import { createScratch, gate, put, setNumber } from './test-scratch.ts';

/** A question that counts how often the database was asked. */
function counted() {
  let asked = 0;
  const ask = remembered(async (handle, id: string) => {
    asked++;
    return valueIn(handle, id);
  });
  return { ask, asked: () => asked };
}

async function valueIn(handle: Handle, id: string) {
  const [row] = await handle.run(
    rawStatement<{ id: string; n: number }>(`select id, n from scratch where id = '${id}'`),
  );
  return row;
}

for (const engine of testEngines) {
  describe(engine.name, () => {
    const db = engine.open();
    /** On PostgreSQL other processes write, so that each read is a state of its own. */
    const sharesStates = engine.name === 'sqlite';
    const begin = async (): Promise<Database> => {
      await createScratch(db);
      await db.write((tx) => put(tx, 'a', 1));
      return db;
    };

    test('[STO90] a read after a commit is never given an answer from before it', async () => {
      await begin();
      const { ask, asked } = counted();
      const read = async () => (await db.read((s) => ask(s, 'a')))?.n;
      expect([await read(), await read(), asked()]).toEqual([1, 1, sharesStates ? 1 : 2]);
      for (let n = 2; n < 20; n++) {
        await db.write((tx) => setNumber(tx, 'a', n));
        expect([await read(), await read()]).toEqual([n, n]);
      }
    });

    test('[STO90] nor while reads and writes run together', async () => {
      await begin();
      const { ask } = counted();
      let done = 1;
      const write = async () => {
        for (let n = 2; n <= 60; n++) {
          await db.write((tx) => setNumber(tx, 'a', n));
          done = n;
        }
      };
      const writer = write().finally(() => {
        done = 60;
      });
      const reader = async () => {
        while (done < 60) {
          const before = done;
          const seen = await db.read(async (s) => [(await ask(s, 'a'))?.n, (await valueIn(s, 'a'))?.n]);
          expect(seen[0]).toBe(seen[1]);
          expect(seen[0]).toBeGreaterThanOrEqual(before);
          await new Promise((next) => setImmediate(next));
        }
      };
      await Promise.all([writer, reader(), reader(), reader()]);
    });

    test('[STO91] a read that was answered from memory alone goes on seeing its state', async () => {
      await begin();
      const { ask } = counted();
      await db.read((s) => ask(s, 'a'));
      const answered = gate();
      const written = gate();
      const reading = db.read(async (s) => {
        const remembered = await ask(s, 'a');
        // PostgreSQL has read by now; on SQLite no statement was run yet.
        answered.open();
        await written.opened;
        return [remembered?.n, (await valueIn(s, 'a'))?.n, (await valueIn(s, 'b'))?.n];
      });
      await answered.opened;
      await db.write(async (tx) => {
        await setNumber(tx, 'a', 2);
        await put(tx, 'b', 2);
      });
      expect(await db.read(async (s) => [(await ask(s, 'a'))?.n, (await ask(s, 'b'))?.n])).toEqual([2, 2]);
      written.open();
      expect(await reading).toEqual([1, 1, undefined]);
    });

    test('[STO91] also when a write was taken back before the next commit', async () => {
      await begin();
      const { ask } = counted();
      await db.read((s) => ask(s, 'a'));
      const [answered, written] = [gate(), gate()];
      const reading = db.read(async (s) => {
        const remembered = await ask(s, 'a');
        answered.open();
        await written.opened;
        return [remembered?.n, (await valueIn(s, 'a'))?.n];
      });
      await answered.opened;
      const failing = db.write(async (tx) => {
        await setNumber(tx, 'a', 5);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await db.write((tx) => setNumber(tx, 'a', 2));
      written.open();
      expect(await reading).toEqual([1, 1]);
    });

    test('[STO90] a write that is taken back changes nothing that is remembered', async () => {
      await begin();
      const { ask } = counted();
      await db.read((s) => ask(s, 'a'));
      const failing = db.write(async (tx) => {
        await setNumber(tx, 'a', 2);
        expect((await ask(tx, 'a'))?.n).toBe(2);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect((await db.read((s) => ask(s, 'a')))?.n).toBe(1);
    });

    test('[STO93] a transaction remembers until its next write', async () => {
      await begin();
      const { ask, asked } = counted();
      await db.write(async (tx) => {
        await Promise.all([ask(tx, 'a'), ask(tx, 'a')]);
        expect([(await ask(tx, 'a'))?.n, asked()]).toEqual([1, 1]);
        const [before, , after] = await Promise.all([ask(tx, 'a'), setNumber(tx, 'a', 2), ask(tx, 'a')]);
        expect([before?.n, after?.n, asked()]).toEqual([1, 2, 2]);
      });
    });

    test('[STO93] and until its next lock, behind which it sees what others committed', async () => {
      await begin();
      const { ask } = counted();
      const looked = gate();
      const changed = gate();
      const waiting = db.write(async (tx) => {
        const before = (await ask(tx, 'a'))?.n;
        looked.open();
        // SQLite has one writer: the other waits for this one.
        if (tx.engine === 'postgres') await changed.opened;
        await tx.lock('app');
        return [before, (await ask(tx, 'a'))?.n];
      });
      await looked.opened;
      await db.write((tx) => setNumber(tx, 'a', 2));
      changed.open();
      expect(await waiting).toEqual([1, sharesStates ? 1 : 2]);
    });

    test('[STO93] a row that is held is a lock, too', async () => {
      await begin();
      const { ask, asked } = counted();
      for (const held of ['for update', 'for no key update', 'for share', 'for key share']) {
        const before = asked();
        await db.write(async (tx) => {
          await ask(tx, 'a');
          await tx.run(
            rawStatement(`select n from scratch where id = 'a' ${tx.engine === 'postgres' ? held : ''}`),
          );
          await ask(tx, 'a');
        });
        // SQLite has one writer and holds no rows.
        expect([held, asked() - before]).toEqual([held, sharesStates ? 1 : 2]);
      }
    });

    test('[STO92] a failure is not remembered', async () => {
      await begin();
      let fails = true;
      const flaky = remembered(async () => {
        if (fails) throw new Error('not now');
        return 1;
      });
      await expect(db.read((s) => flaky(s))).rejects.toThrow('not now');
      fails = false;
      expect(await db.read((s) => flaky(s))).toBe(1);
    });
  });
}

describe('what is remembered of a state', () => {
  const handle = (): Handle => ({ engine: 'sqlite', state: new State(), run: async () => [] });

  test('[STO92] is frozen all the way down', async () => {
    const ask = remembered(async () => [{ custom: { list: [1] } }]);
    const here = handle();
    const [row] = await ask(here);
    expect(await ask(here)).toBe(await ask(here));
    expect(() => row?.custom.list.push(2)).toThrow(TypeError);
  });

  test('[STO92] is bounded: beyond 4 MB of text everything is forgotten at once', async () => {
    let asked = 0;
    const ask = remembered(async (_handle, key: string) => {
      asked++;
      return key === 'small' ? '' : 'x'.repeat(1024 * 1024);
    });
    const here = handle();
    await ask(here, 'small');
    for (const key of ['a', 'b', 'c']) await ask(here, key);
    await ask(here, 'small');
    expect(asked).toBe(4);
    await ask(here, 'd');
    await ask(here, 'small');
    expect(asked).toBe(6);
  });

  test('[STO92] keeps apart keys whose texts read the same', async () => {
    const ask = remembered(async (_handle, a: string | number, b: string | number) => `${typeof a}${a}/${b}`);
    const here = handle();
    const keys: [string | number, string | number][] = [
      ['a', 'bc'],
      ['ab', 'c'],
      ['1:a', '2:bc'],
      [1, 23],
      ['1', '23'],
      [12, 3],
      ['#1', 3],
      ['', 'abc'],
    ];
    for (const [a, b] of keys) expect(await ask(here, a, b)).toBe(`${typeof a}${a}/${b}`);
  });
});
