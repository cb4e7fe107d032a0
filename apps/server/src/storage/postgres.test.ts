import { createServer } from 'node:net';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database, Handle, Tx } from './database.ts';
import { migrate } from './migrate.ts';
import { openPostgres } from './postgres.ts';
import { builderOf, inList, prepared, rawStatement } from './prepared.ts';
import { ConstraintError, StorageBusyError, StorageUnavailableError } from './storage-errors.ts';
import type { VersionsTable } from './tables.ts';
import { testEngines } from './test-databases.ts';
import { countOf, createScratch, gate, numberOf, put, run } from './test-scratch.ts';

/** A loopback port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('reaching PostgreSQL', () => {
  test('[STO80] a server that cannot be reached is a sentence without the password', async () => {
    const url = `postgres://callgate:very-secret@127.0.0.1:${await closedPort()}/callgate`;
    const error = await openPostgres({ url }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StorageUnavailableError);
    expect(String(error)).toMatch(/PostgreSQL cannot be reached: .*ECONNREFUSED/);
    expect(JSON.stringify(error) + String(error)).not.toContain('very-secret');
  });
});

const versionOf = prepared<{ name: VersionsTable['name'] }, VersionsTable>((db, p) =>
  db.selectFrom('versions').selectAll().where('name', '=', p('name')),
);

for (const engine of testEngines.filter(({ name }) => name === 'postgres')) {
  describe('PostgreSQL by itself', () => {
    const db = engine.open();
    const pidOf = async (database: Database) =>
      (await database.read((snapshot) => run<{ pid: number }>(snapshot, 'select pg_backend_pid() as pid')))[0]
        ?.pid;

    test('[STO81] a deadlock that it breaks is run again, and both acts count', async () => {
      await createScratch(db);
      await db.write((tx) => Promise.all([put(tx, 'a', 0), put(tx, 'b', 0)]));
      const both = [gate(), gate()];
      const done = [gate(), gate()];
      let attempts = 0;
      const act = async (mine: 0 | 1, first: string, second: string) => {
        let isAgain = false;
        await db.write(async (tx) => {
          attempts++;
          // Otherwise it may take its first row from under the other again, which is a second deadlock.
          if (isAgain) await done[1 - mine]?.opened;
          isAgain = true;
          await run(tx, 'update scratch set n = n + 1 where id = ?', [first]);
          both[mine]?.open();
          await both[1 - mine]?.opened;
          await run(tx, 'update scratch set n = n + 1 where id = ?', [second]);
        });
        done[mine]?.open();
      };
      await Promise.all([act(0, 'a', 'b'), act(1, 'b', 'a')]);
      expect(attempts).toBe(3);
      expect(await db.read((s) => Promise.all([numberOf(s, 'a'), numberOf(s, 'b')]))).toEqual([2, 2]);
      expect(db.stats().retries).toBe(1);
    });

    const cutOthers = (database: Database) =>
      database.write((tx) =>
        run(
          tx,
          `select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()`,
        ),
      );

    test('[STO82] work whose connection is cut before the commit is run again, and counts once', async () => {
      await createScratch(db);
      let attempts = 0;
      await db.write(async (tx) => {
        attempts++;
        await put(tx, 'a', 1);
        if (attempts === 1) await cutOthers(db);
        await put(tx, 'b', 1);
      });
      expect(attempts).toBe(2);
      expect(await db.read(countOf)).toBe(2);
    });

    test('[STO82] work whose connection is cut each time fails, and leaves nothing', async () => {
      await createScratch(db);
      const attempt = db.write(async (tx) => {
        await put(tx, 'a', 1);
        await cutOthers(db);
        await put(tx, 'b', 1);
      });
      await expect(attempt).rejects.toThrow(StorageUnavailableError);
      expect(await db.read(countOf)).toBe(0);
    });

    test('[STO82] connections that were cut while idle are replaced', async () => {
      const openThree = () => Promise.all([1, 2, 3].map(() => pidOf(db)));
      const before = await openThree();
      await cutOthers(db);
      const survivors = (await openThree()).filter((pid) => before.includes(pid));
      expect(new Set(before).size).toBe(3);
      expect(new Set(survivors).size).toBeLessThanOrEqual(1);
    });

    test('[STO82] a connection cut during the commit leaves the outcome unknown, and the error says so', async () => {
      const { database, discard } = await engine.create();
      await createScratch(database);
      await database.write((tx) =>
        run(
          tx,
          `create function cut() returns trigger language plpgsql as
            $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return null; end $$`,
        ),
      );
      await database.write((tx) =>
        run(
          tx,
          `create constraint trigger cut after insert on scratch deferrable initially deferred
            for each row execute function cut()`,
        ),
      );
      await expect(database.write((tx) => put(tx, 'a', 1))).rejects.toThrow(/whether it happened is unknown/);
      await discard();
    });

    test('[STO83] statements of a failed batch are prepared anew without a clash', async () => {
      await createScratch(db);
      for (let round = 0; round < 3; round++) {
        const attempt = db.write((tx) =>
          Promise.all([put(tx, 'same', 1), put(tx, 'same', 2), versionOf.first(tx, { name: 'app' })]),
        );
        await expect(attempt).rejects.toThrow(ConstraintError);
        expect(await db.read((s) => versionOf.first(s, { name: 'app' }))).toMatchObject({ name: 'app' });
      }
    });

    test('[STO84] a table that a migration changed under a connection is met again by a fresh one', async () => {
      const read = () => db.write((tx) => versionOf.first(tx, { name: 'app' }));
      await read();
      await db.write((tx) => run(tx, 'alter table versions add column note text'));
      expect(await read()).toHaveProperty('note', null);
      await db.write((tx) => run(tx, 'alter table versions drop column note'));
      expect(await read()).not.toHaveProperty('note');
    });

    test('[STO87] a lock that is not given refuses the statements that travel with it, and the commit', async () => {
      await createScratch(db);
      const [held, locked] = [gate(), gate()];
      const holding = db.write(async (tx) => {
        await tx.lock('user:a');
        await put(tx, 'holder', 1);
        locked.open();
        await held.opened;
      });
      await locked.opened;
      const impatient = (work: (tx: Tx) => Promise<unknown>) =>
        db.write(async (tx) => {
          await run(tx, `set local lock_timeout = '20ms'`);
          await tx.lock('user:a');
          await work(tx);
        });
      await expect(impatient((tx) => put(tx, 'b', 1))).rejects.toThrow(StorageBusyError);
      await expect(impatient(async () => undefined)).rejects.toThrow(StorageBusyError);
      held.open();
      await holding;
      expect(await db.read(countOf)).toBe(1);
    });

    test('[STO88] what failed leaves nothing to the next one on its connection', async () => {
      const { location, discard } = await engine.create();
      const narrow = await openPostgres({ url: location, maxConnections: 1 });
      await createScratch(narrow);
      const careless = (handle: Handle) =>
        Promise.resolve(void run(handle, 'select 1 / 0').catch(() => undefined));
      for (let round = 0; round < 3; round++) {
        const outcomes = await Promise.allSettled([
          narrow.read(careless),
          narrow.read(countOf),
          narrow.write(careless),
          narrow.write((tx) => put(tx, `a${round}`, 1)),
        ]);
        const statuses = outcomes.map(({ status }) => status);
        expect(statuses).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
      }
      expect(await narrow.read(countOf)).toBe(3);
      await narrow.close();
      await discard();
    });

    test('[STO85] commits wait for the disk although the server is set not to', async () => {
      const { location, discard } = await engine.create();
      const admin = await openPostgres({ url: location, maxConnections: 1 });
      const name = new URL(location).pathname.slice(1);
      await admin.write((tx) => run(tx, `alter database ${name} set synchronous_commit = off`));
      await admin.close();
      const careless = await openPostgres({ url: location });
      const [row] = await careless.read((snapshot) => run(snapshot, 'show synchronous_commit'));
      expect(row).toEqual({ synchronous_commit: 'on' });
      await careless.write((tx) => run(tx, `alter database ${name} reset synchronous_commit`));
      await careless.close();
      await discard();
    });

    test('[STO95] plans made over small tables go to the index, and nothing is compiled', async () => {
      const { location, discard } = await engine.create();
      const database = await openPostgres({ url: location });
      await database.write(async (tx) => {
        await run(tx, 'create table small (id text primary key, body text)');
        await run(tx, `insert into small values ('a', ''), ('b', '')`);
        await run(tx, 'analyze small');
      });
      const list = inList('postgres', 'id', sql`${JSON.stringify(['a'])}`).compile(builderOf('postgres'));
      const explain = async (text: string, parameters: readonly unknown[] = []) =>
        JSON.stringify(
          await database.read((s) => s.run(rawStatement(`explain (costs off) ${text}`, [...parameters]))),
        );
      expect(await explain(`select * from small where ${list.sql}`, list.parameters)).toContain('small_pkey');
      expect(await explain(`select * from small where body = ''`)).toContain('Seq Scan');
      const [row] = await database.read((snapshot) => run(snapshot, 'show jit'));
      expect(row).toEqual({ jit: 'off' });
      await database.close();
      await discard();
    });

    test('[STO86] a statement takes at most 30 seconds, a migration as long as it needs', async () => {
      const limit = async (database: Database) =>
        (
          await database.read((s) =>
            run<{ limit: string }>(s, `select current_setting('statement_timeout') as limit`),
          )
        )[0];
      expect(await limit(db)).toEqual({ limit: '30s' });
      expect(await migrate(db, 1)).toEqual([]);
      expect(await limit(db)).toEqual({ limit: '30s' });
    });
  });
}
