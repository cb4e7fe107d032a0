import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findLease } from '../../storage/leases.store.ts';
import { testEngines } from '../../storage/test-databases.ts';
import { unsealedCount } from './audit-records.store.ts';
import { chainKeyOf } from './chain.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { AuditKeyMismatchError, createSequencer } from './sequencer.ts';
import { type AuditWorld, auditWorld } from './test-audit.ts';

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    beforeEach(async () => {
      world = await auditWorld(engine);
    });
    afterEach(() => world.discard());

    const acts = async (count: number) => {
      for (let done = 0; done < count; done++) await world.act();
    };
    const seqs = async () => (await world.records()).map(({ seq }) => seq);
    const heads = async () => (await readCheckpoints(world.folder)).checkpoints.map(({ seq }) => seq);

    test('[AUD7] a sequencer with another key than the chain’s is refused at start', async () => {
      await acts(2);
      await world.sequencer.flush();
      const { database, clock, folder } = world;
      const keys = { ...world.keys, chainKey: chainKeyOf(randomBytes(32)) };
      const stranger = createSequencer({ database, clock, keys, folder, logger: { error: () => undefined } });
      await expect(stranger.start()).rejects.toThrow(AuditKeyMismatchError);
      await world.another().start();
    });

    test('[AUD4] flush seals every record committed before it, numbered from 1 without a gap', async () => {
      await acts(5);
      expect(await seqs()).toEqual([]);
      await world.sequencer.flush();
      expect(await seqs()).toEqual([1, 2, 3, 4, 5]);
      await acts(1);
      await world.sequencer.flush();
      expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await world.verify()).toMatchObject({ broken: undefined, records: 6 });
    });

    test('[AUD4] more records than a batch holds are sealed in several', async () => {
      await acts(7);
      await world.another({ batch: 2 }).flush();
      expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect((await world.verify()).broken).toBeUndefined();
    });

    test('[AUD5] a wake seals soon, without anybody asking', async () => {
      await acts(3);
      world.sequencer.wake();
      world.sequencer.wake();
      await vi.waitFor(async () => expect(await seqs()).toEqual([1, 2, 3]));
    });

    test('[AUD6] racing sequencers never fork the chain', async () => {
      const racers = [world.another({ batch: 3 }), world.another({ batch: 2 }), world.another({ batch: 5 })];
      const work = racers.map(async (racer) => {
        for (let round = 0; round < 10; round++) {
          await Promise.all([world.act(), world.act()]);
          await racer.flush();
        }
      });
      await Promise.all(work);
      expect(await seqs()).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
      expect((await world.verify()).broken).toBeUndefined();
    });

    test('[AUD6] while one holds the lease another leaves the work to it, and takes it over when it runs out', async () => {
      await acts(1);
      await world.sequencer.flush();
      const fence = (await world.database.read((snapshot) => findLease(snapshot, 'audit-chain')))?.fence;
      const other = world.another();
      await acts(1);
      await other.tick();
      expect(await seqs()).toEqual([1]);
      world.clock.time += 5_000;
      await other.tick();
      expect(await seqs()).toEqual([1, 2]);
      const lease = await world.database.read((snapshot) => findLease(snapshot, 'audit-chain'));
      expect(lease?.fence).toBe((fence ?? 0) + 1);
    });

    test('[AUD5] what a crash left unsealed is sealed at the next start', async () => {
      await acts(2);
      await world.another().start();
      expect(await world.database.read(unsealedCount)).toBe(0);
    });

    test('[AUD8] a checkpoint is written after a minute, after 1,000 records and at the stop, never for a head that stands', async () => {
      const { sequencer } = world;
      await acts(1);
      await sequencer.tick();
      expect(await heads()).toEqual([1]);
      await acts(1);
      await sequencer.tick();
      expect(await heads()).toEqual([1]);
      world.clock.time += 60_000;
      await sequencer.tick();
      await sequencer.tick();
      expect(await heads()).toEqual([1, 2]);
      await Promise.all(Array.from({ length: 1_000 }, () => world.act()));
      await sequencer.tick();
      expect(await heads()).toEqual([1, 2, 1_002]);
      await acts(1);
      await sequencer.close();
      expect(await heads()).toEqual([1, 2, 1_002, 1_003]);
      expect(await world.verify()).toMatchObject({ broken: undefined, unsealedRest: 0 });
    });

    test('[AUD5] a failure in the background is logged once and does not end the work', async () => {
      const { database } = world;
      let isDown = true;
      const sequencer = createSequencer({
        ...world,
        database: {
          ...database,
          read: (work) => (isDown ? Promise.reject(new Error('down')) : database.read(work)),
          write: (work) => database.write(work),
        },
        logger: { error: (fields: unknown) => void world.errors.push(fields) },
      });
      await acts(1);
      await sequencer.tick();
      await sequencer.tick();
      expect(world.errors).toHaveLength(1);
      isDown = false;
      await sequencer.tick();
      expect(await seqs()).toEqual([1]);
    });
  });
