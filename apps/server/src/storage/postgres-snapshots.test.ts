import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database, Handle } from './database.ts';
import { openPostgres } from './postgres.ts';
import { testEngines } from './test-databases.ts';
import { countOf, createScratch, gate, put, run } from './test-scratch.ts';

for (const engine of testEngines.filter(({ name }) => name === 'postgres')) {
  describe('reads of PostgreSQL that share a snapshot', () => {
    let db: Database;
    let discard: () => Promise<void>;
    beforeEach(async () => {
      const created = await engine.create();
      discard = created.discard;
      db = await openPostgres({ url: created.location, maxConnections: 1 });
      await createScratch(db);
    });
    afterEach(async () => {
      await db.close();
      await discard();
    });

    /** When the snapshot's transaction began: the same for all that share it. */
    const beginOf = async (handle: Handle) =>
      (await run<{ began: string }>(handle, 'select now()::text as began'))[0]?.began;
    /** What the works answer when all wait for the one connection, which a write holds until then. */
    async function whileItIsTaken<T>(works: ((handle: Handle) => Promise<T>)[]) {
      const [taken, held] = [gate(), gate()];
      const writing = db.write(async (tx) => {
        await put(tx, 'a', 1);
        taken.open();
        await held.opened;
      });
      await taken.opened;
      const outcomes = Promise.allSettled(works.map((work) => db.read(work)));
      held.open();
      await writing;
      return outcomes;
    }

    test('[STO89] one that fails fails alone, and the others are answered', async () => {
      const outcomes = await whileItIsTaken([
        countOf,
        (handle) => run(handle, 'select 1 / 0').then(() => -1),
        (handle) => beginOf(handle).then(() => countOf(handle)),
        (handle) => countOf(handle).catch(() => -1),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual([
        'fulfilled',
        'rejected',
        'fulfilled',
        'fulfilled',
      ]);
      const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(answers).toEqual([1, 1, 1]);
    });

    test('[STO89] 16 at most share one, and see what was committed before it', async () => {
      const outcomes = await whileItIsTaken(Array.from({ length: 40 }, () => beginOf));
      const begins = outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : undefined));
      expect(new Set(begins).size).toBe(3);
      const sizes = [...new Set(begins)].map((one) => begins.filter((begin) => begin === one).length);
      expect(sizes).toEqual([16, 16, 8]);
    });

    test('[STO89] a handle is refused after its read has ended, although others still read', async () => {
      const ended = gate();
      let kept: Handle | undefined;
      const outcomes = whileItIsTaken<unknown>([
        async (handle) => {
          kept = handle;
        },
        async (handle) => {
          await countOf(handle);
          await ended.opened;
          return countOf(handle);
        },
      ]);
      while (kept === undefined) await new Promise((resolve) => setImmediate(resolve));
      await expect(countOf(kept)).rejects.toThrow('after its snapshot had ended');
      ended.open();
      expect((await outcomes)[1]).toEqual({ status: 'fulfilled', value: 1 });
    });
  });
}
