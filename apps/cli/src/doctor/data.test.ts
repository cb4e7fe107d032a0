import { randomInt } from 'node:crypto';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { knownMigrations } from '@callgate/server/storage/migrate.ts';
import { type TestDatabase, testEngines } from '@callgate/server/storage/test-databases.ts';
import { run } from '@callgate/server/storage/test-scratch.ts';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { credentials, freeTcpPort, type Patient, type Planted, patient, stranger } from './test-doctor.ts';

let machine: Patient;
beforeEach(async () => {
  machine = await patient();
});
afterEach(() => machine.discard());

const told = async (check: string) => {
  const { of } = await machine.examine({ stopped: true });
  return of(check).map(({ state, found }) => [state, found]);
};

test('[DCT22] a file that is no database is a fault; none before the first start is fine', async () => {
  expect(await told('database')).toEqual([['ok', expect.stringMatching(/the first start makes it/)]]);
  writeFileSync(join(machine.dataDir, 'callgate.db'), 'x'.repeat(8192), { mode: 0o600 });
  expect(await told('database')).toEqual([
    ['fault', expect.stringMatching(/^The database cannot be read: .*not a database/)],
  ]);
});

test('[DCT22] a PostgreSQL that is not there is a fault without its password', async () => {
  machine.env.DATABASE_URL = `postgres://callgate:hidden-word@127.0.0.1:${await freeTcpPort()}/callgate`;
  const { findings, of } = await machine.examine({ stopped: true });
  expect(of('database')).toMatchObject([{ state: 'fault', mend: expect.stringMatching(/DATABASE_URL/) }]);
  expect(JSON.stringify(findings)).not.toContain('hidden-word');
});

for (const engine of testEngines)
  describe(engine.name, () => {
    let made: TestDatabase;
    let planted: Planted[];
    beforeEach(async () => {
      made = await engine.create();
      planted = [];
      if (engine.name === 'postgres') machine.env.DATABASE_URL = made.location;
      else {
        machine.env.CALLGATE_DATA_DIR = made.location;
        chmodSync(made.location, 0o700);
        writeFileSync(join(made.location, 'credentials.json'), credentials(), { mode: 0o600 });
      }
    });
    afterEach(async () => {
      for (const one of planted) await one.close();
      await made.discard();
    });
    const change = (text: string, parameters: unknown[] = []) =>
      made.database.write((tx) => run(tx, text, parameters));

    test('[DCT22] a database of a newer Callgate is a fault', async () => {
      await change("insert into migrations (id, name, applied_at) values ('9999', 'of tomorrow', 1)");
      expect(await told('database')).toEqual([
        ['fault', expect.stringMatching(/newer Callgate \(migration 9999\)/)],
      ]);
    });

    test('[DCT22] one that the next start changes is a warning, one of this version is fine', async () => {
      expect(await told('database')).toEqual([['ok', expect.stringContaining(engine.name)]]);
      const last = knownMigrations().at(-1);
      await change('delete from migrations where id = ?', [last]);
      expect(await told('database')).toEqual([['warning', expect.stringMatching(`1 migrations: ${last}`)]]);
    });

    test('[DCT16] a clock that is behind what the database has seen is a fault', async () => {
      const hour = 3_600_000;
      await change('update migrations set applied_at = ?', [Date.now() + hour]);
      expect((await told('clock'))[0]).toEqual([
        'fault',
        expect.stringMatching(/clock is 3(599|600)\.\d s behind a moment/),
      ]);
    });

    const hook = async (id: string, url: string, enabled = 1) => {
      await change(
        `insert into event_hooks (id, position, enabled, url, event_types, gzip, app_seq, created_at, updated_at)
         values (?, 0, ?, ?, '[]', 0, 0, 1, 1)`,
        [id, enabled, url],
      );
      await change("update versions set version = ? where name = 'event_hooks'", [randomInt(1, 2 ** 47)]);
    };

    test('[DCT23] hooks that lead nowhere, to a forbidden address or to a bad certificate are warnings', async () => {
      await hook('closed', `https://127.0.0.1:${await freeTcpPort()}/hook`);
      expect(await told('webhooks')).toEqual([
        ['warning', expect.stringMatching(/closed .*is not a public address/)],
      ]);
      machine.env.CALLGATE_WEBHOOK_ALLOW_PRIVATE = 'true';
      expect(await told('webhooks')).toEqual([
        ['warning', expect.stringMatching(/closed .*nobody listens there/)],
      ]);
      const plain = await stranger((_request, reply) => reply.end());
      planted.push(plain);
      await hook('plain', `https://127.0.0.1:${plain.port}/hook`);
      expect((await told('webhooks'))[1]).toEqual(['warning', expect.stringMatching(/The webhook plain/)]);
    });

    test('[DCT23] a hook that takes a connection is fine and is sent nothing; one that is off is not asked', async () => {
      machine.env.CALLGATE_WEBHOOK_ALLOW_PRIVATE = 'true';
      let requests = 0;
      const receiver = await stranger((_request, reply) => {
        requests++;
        reply.end();
      });
      planted.push(receiver);
      await hook('off', `http://127.0.0.1:${await freeTcpPort()}/hook`, 0);
      expect(await told('webhooks')).toEqual([['ok', 'No webhook is switched on.']]);
      await hook('good', `${receiver.url}/hook`);
      expect(await told('webhooks')).toEqual([['ok', '1 of 1 webhooks take a connection.']]);
      expect(requests).toBe(0);
    });
  });

const { CALLGATE_TEST_POSTGRES_URL: cluster } = process.env;
if (cluster)
  test('[DCT22] a PostgreSQL database that is not in UTF-8 is a fault', async () => {
    const name = `doctor_${randomInt(2 ** 47)}`;
    const client = new pg.Client({ connectionString: cluster });
    await client.connect();
    try {
      await client.query(
        `create database ${name} encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0`,
      );
      const url = new URL(cluster);
      url.pathname = `/${name}`;
      machine.env.DATABASE_URL = url.href;
      expect(await told('database')).toEqual([['fault', 'The database is in SQL_ASCII.']]);
    } finally {
      await client.query(`drop database if exists ${name} with (force)`);
      await client.end();
    }
  });

for (const engine of testEngines.filter(({ name }) => name === 'postgres'))
  for (const [offMs, state] of [
    [0, 'ok'],
    [-10_000, 'warning'],
    [90_000, 'fault'],
  ] as const)
    test(`[DCT16] a clock that is ${offMs} ms off PostgreSQL's is: ${state}`, async () => {
      const made = await engine.create();
      try {
        machine.env.DATABASE_URL = made.location;
        machine.clockOffMs = offMs;
        expect((await told('clock')).at(-1)).toEqual([state, expect.stringContaining("PostgreSQL's")]);
      } finally {
        await made.discard();
      }
    });
