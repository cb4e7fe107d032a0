import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportLogs } from '@callgate/server/features/audit/index.ts';
import { type AuditWorld, auditWorld } from '@callgate/server/features/audit/test-audit.ts';
import { testEngines } from '@callgate/server/storage/test-databases.ts';
import { run } from '@callgate/server/storage/test-scratch.ts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callgate } from './test-cli.ts';

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    let cwd: string;
    beforeEach(async () => {
      world = await auditWorld(engine);
      cwd = mkdtempSync(join(tmpdir(), 'callgate-cli-'));
      for (let done = 0; done < 4; done++) await world.act();
      await world.sequencer.close();
    });
    afterEach(async () => {
      await world.discard();
      rmSync(cwd, { recursive: true, force: true });
    });

    const verify = (...args: string[]) => {
      const database = engine.name === 'postgres' ? { DATABASE_URL: world.test.location } : undefined;
      const env = { CALLGATE_DATA_DIR: world.folder, ...database };
      return callgate(['audit', 'verify', ...args], { env, cwd });
    };
    const exported = async (): Promise<string> => {
      let text = '';
      const { database, sequencer } = world;
      const reading = { database, sequencer, enforcementOf: async () => new Map() };
      for await (const chunk of exportLogs(reading, {})) text += chunk;
      return text;
    };

    test('[AUD18] a broken record ends with exit code 1 and is named', async () => {
      await world.database.write((tx) => run(tx, "update audit_records set reason = 'x' where seq = 3"));
      const ran = await verify();
      expect(ran).toMatchObject({ code: 1, error: '' });
      expect(ran.out).toMatch(
        /^BROKEN: record 3 \([0-9a-f-]+\) is broken: its personal fields were changed\.\n/,
      );
    });

    test('[AUD18] a missing tail is named', async () => {
      await world.database.write((tx) => run(tx, 'delete from audit_records where seq > 2'));
      const ran = await verify();
      expect(ran.code).toBe(1);
      expect(ran.out).toMatch(/the tail is missing: records 3 to 4 are not there/);
    });

    test('[AUD18] a whole log ends with exit code 0; what is not sealed yet is counted', async () => {
      const late = world.another();
      await world.act();
      await late.flush();
      await world.act();
      expect(await verify()).toEqual({
        code: 0,
        error: '',
        out: [
          'The audit log is whole: 5 records in order.',
          'Held against 1 signed checkpoint.',
          'Unsealed rest: 1 record after the newest checkpoint.',
          'Not yet in the chain: 1 record.',
          '',
        ].join('\n'),
      });
    });

    test('[AUD18] an export is verified with the keys and checkpoints of the data folder', async () => {
      const file = join(cwd, 'export.ndjson');
      const text = await exported();
      writeFileSync(file, text);
      expect(await verify('--file', 'export.ndjson')).toMatchObject({ code: 0, error: '' });
      writeFileSync(file, text.replace('"spam"', '"ham"'));
      expect((await verify('--file', file)).out).toMatch(/^BROKEN: record 1 /);
      writeFileSync(file, text.split('\n').slice(0, 2).join('\n'));
      expect((await verify('--file', file)).out).toMatch(/^BROKEN: the tail is missing: records 3 to 4/);
      writeFileSync(file, `${text}{"half`);
      expect(await verify('--file', file)).toMatchObject({
        code: 1,
        error: expect.stringMatching(/Line 5 is not a JSON object/),
      });
    });

    test('[AUD18] without the keys, and without the file, it ends with a sentence', async () => {
      expect((await verify('--data-dir', cwd)).error).toMatch(
        /^callgate: The audit key file .* cannot be read/,
      );
      expect((await verify('--file', 'nothing.ndjson')).error).toMatch(/^callgate: There is no file /);
    });
  });
