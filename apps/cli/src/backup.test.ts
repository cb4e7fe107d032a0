import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserId } from '@callgate/contract';
import { appendRecords, toRecord } from '@callgate/server/features/audit/index.ts';
import { type AuditWorld, auditWorld } from '@callgate/server/features/audit/test-audit.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { run } from '@callgate/server/storage/test-scratch.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Manifest } from './manifest.ts';
import { callgate } from './test-cli.ts';

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    let cwd: string;
    let at: { env: Record<string, string>; cwd: string };
    let acted = 0;
    beforeEach(async () => {
      world = await auditWorld(engine);
      cwd = mkdtempSync(join(tmpdir(), 'callgate-cli-'));
      writeFileSync(
        join(world.folder, 'credentials.json'),
        '{"api_key":"key","api_secret":"secret-of-the-test"}\n',
      );
      const database = engine.name === 'postgres' ? { DATABASE_URL: world.test.location } : undefined;
      at = { env: { CALLGATE_DATA_DIR: world.folder, ...database }, cwd };
      acted = 0;
      await world.sequencer.start();
    });
    afterEach(async () => {
      await world.sequencer.close();
      await world.discard();
      rmSync(cwd, { recursive: true, force: true });
    });

    /** As an act does it: the row and the record in one transaction, then a wake. */
    const act = async () => {
      acted += 1;
      const id = `user-${acted}`;
      const actor = { kind: 'server', id: null, address: null, requestId: id } as const;
      const record = toRecord(
        { action: 'user.create', target: { type: 'user', id } },
        actor,
        null,
        world.clock.now(),
      );
      await world.database.write(async (tx) => {
        await run(
          tx,
          `insert into users (id, role, custom, teams, language, invisible, created_at, updated_at)
           values (?, 'user', '{}', '[]', 'en', 0, 1, 1)`,
          [id],
        );
        await appendRecords(tx, [record]);
      });
      world.sequencer.wake();
    };
    const acts = async (count: number) => {
      for (let done = 0; done < count; done++) await act();
    };
    const countOf = async (table: string) =>
      world.database.read(async (snapshot) => {
        const [row] = await run<{ n: number }>(snapshot, `select count(*) as n from ${table}`);
        return row?.n ?? -1;
      });
    const manifestOf = (folder: string): Manifest =>
      JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const backUp = async (name = 'backup') => {
      const ran = await callgate(['backup', '--out', name], at);
      expect(ran).toMatchObject({ code: 0, error: '' });
      return ran.out.trim();
    };

    test('[BAK5] a restore over data asks first; with nobody to ask it is refused and changes nothing', async () => {
      await acts(2);
      const folder = await backUp();
      await act();
      const ran = await callgate(['restore', folder], at);
      expect(ran.code).toBe(1);
      expect(ran.error).toMatch(/^callgate: There is data in .*: add --force .*\n$/);
      expect(await countOf('users')).toBe(3);
    });

    test('[BAK6] what is no backup, a damaged backup, and a broken audit log are refused', async () => {
      await acts(3);
      await world.sequencer.flush();
      expect((await callgate(['restore', cwd, '--force'], at)).error).toMatch(/is no backup/);
      const damaged = await backUp('damaged');
      appendFileSync(
        join(damaged, readdirSync(damaged).find((name) => name.startsWith('callgate.')) ?? ''),
        'x',
      );
      expect((await callgate(['restore', damaged, '--force'], at)).error).toMatch(/is damaged/);
      await world.database.write((tx) => run(tx, "update audit_records set action = 'x' where seq = 2"));
      const broken = await callgate(['backup', '--out', 'broken'], at);
      expect(broken).toMatchObject({ code: 0, error: expect.stringMatching(/Warning: .*record 2/) });
      const refused = await callgate(['restore', 'broken', '--force'], at);
      expect(refused).toMatchObject({
        code: 1,
        error: expect.stringMatching(/record 2 .*--accept-broken-audit/),
      });
      const accepted = await callgate(['restore', 'broken', '--force', '--accept-broken-audit'], at);
      expect(accepted.code).toBe(0);
    });

    test('[BAK7] a backup with another key is refused while the server runs', async () => {
      await act();
      const folder = await backUp();
      writeFileSync(
        join(world.folder, 'credentials.json'),
        '{"api_key":"key","api_secret":"another-secret-12345"}\n',
      );
      const ran = await callgate(['restore', folder, '--force'], at);
      expect(ran).toMatchObject({
        code: 1,
        error: expect.stringMatching(/another credentials.json .*stop the server/),
      });
    });

    test('[BAK1] a backup is a new folder of mode 700 with files of mode 600, and never takes the place of another', async () => {
      await act();
      const folder = await backUp();
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
      expect(readdirSync(cwd)).toEqual(['backup']);
      const again = await callgate(['backup', '--out', 'backup'], at);
      expect(again).toMatchObject({ code: 1, error: expect.stringMatching(/is there already/) });
    });

    test('[BAK2] acts, a backup while acts go on, more acts, a restore on the running server: the state of the backup', async () => {
      await acts(20);
      let isDone = false;
      const going = (async () => {
        while (!isDone) await act();
      })();
      const folder = await backUp().finally(() => {
        isDone = true;
      });
      await going;
      await acts(5);
      await world.sequencer.flush();
      const before = await countOf('users');
      const { head } = manifestOf(folder);

      expect(await callgate(['restore', folder, '--force'], at)).toMatchObject({ code: 0, error: '' });
      const users = await countOf('users');
      expect(users).toBeGreaterThanOrEqual(20);
      expect(users).toBeLessThan(before);
      expect(await countOf('audit_records')).toBe(users);
      expect((await world.records()).at(head.seq - 1)?.hash).toBe(head.hash);

      await acts(3);
      await world.sequencer.flush();
      expect(await countOf('users')).toBe(users + 3);
      expect(await world.verify()).toMatchObject({ broken: undefined, records: users + 3 });
      expect(await callgate(['audit', 'verify'], at)).toMatchObject({ code: 0 });
    });

    test('[BAK3] a restore while acts go on loses no act that was acknowledged after it', async () => {
      await acts(10);
      const folder = await backUp();
      let isDone = false;
      const going = (async () => {
        while (!isDone) await act().catch(() => undefined);
      })();
      const ran = await callgate(['restore', folder, '--force'], at);
      const acknowledged = acted;
      await act();
      isDone = true;
      await going;
      expect(ran).toMatchObject({ code: 0, error: '' });
      await act();
      await world.sequencer.flush();
      expect(acted).toBeGreaterThan(acknowledged);
      const ids = await world.database.read((snapshot) =>
        run<{ id: UserId }>(snapshot, 'select id from users'),
      );
      expect(ids.map(({ id }) => id)).toContain(`user-${acted}`);
      expect(await countOf('audit_records')).toBe(ids.length);
      expect((await world.verify()).broken).toBeUndefined();
    });
  });

test('[BAK4] a restore into an empty folder brings the keys and the checkpoints with it', async () => {
  const [engine] = testEngines;
  if (!engine) throw new Error('there is always SQLite');
  const world = await auditWorld(engine);
  const cwd = mkdtempSync(join(tmpdir(), 'callgate-cli-'));
  try {
    writeFileSync(
      join(world.folder, 'credentials.json'),
      '{"api_key":"key","api_secret":"secret-of-the-test"}\n',
    );
    await world.act();
    await world.sequencer.close();
    const here = { env: { CALLGATE_DATA_DIR: world.folder }, cwd };
    expect((await callgate(['backup', '--out', 'backup'], here)).code).toBe(0);
    const there = { env: { CALLGATE_DATA_DIR: join(cwd, 'new') }, cwd };
    const ran = await callgate(['restore', 'backup'], there);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).not.toMatch(/running/);
    expect(statSync(join(cwd, 'new', 'callgate.db')).mode & 0o777).toBe(0o600);
    const verified = await callgate(['audit', 'verify'], there);
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/whole: 1 record in order/) });
    expect((await callgate(['token', '--user', 'john'], there)).out.split('.')).toHaveLength(3);
    expect(existsSync(join(cwd, 'new', 'audit.key'))).toBe(true);
  } finally {
    await world.discard();
    rmSync(cwd, { recursive: true, force: true });
  }
});
