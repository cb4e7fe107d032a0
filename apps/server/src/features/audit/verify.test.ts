import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { run } from '../../storage/test-scratch.ts';
import { PERSONAL, personalHash } from './audit-record.ts';
import { erasePersonal } from './audit-records.store.ts';
import { chainHash, chainKeyOf } from './chain.ts';
import { signCheckpoint } from './checkpoint.ts';
import { appendCheckpoint, CHECKPOINT_FILE, readCheckpoints } from './checkpoint-file.ts';
import { erasePeople } from './erase-people.ts';
import { type AuditWorld, auditWorld } from './test-audit.ts';
import { describeBroken, verifyChain } from './verify.ts';

const TEXT_COLUMNS = [
  'id',
  'action',
  'actor_kind',
  'cid',
  'request_id',
  'job_id',
  ...PERSONAL,
  'salt',
  'personal_hash',
  'hash',
] as const;

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    beforeEach(async () => {
      world = await auditWorld(engine);
      for (let done = 0; done < 6; done++) {
        await world.act({
          by: `mod-${done % 2}`,
          on: `user-${done}`,
          before: { n: done },
          asId: 'jane' as UserId,
        });
        await world.sequencer.flush();
      }
      await world.sequencer.close();
    });
    afterEach(() => world.discard());

    const change = (text: string, parameters: unknown[] = []) =>
      world.database.write((tx) => run(tx, text, parameters));

    test('[AUD9] an untouched chain holds', async () => {
      const result = await world.verify();
      expect(result).toMatchObject({ broken: undefined, records: 6, erased: 0, unsealedRest: 0 });
      // The first record was a checkpoint of its own, the last one that of the stop.
      expect(result.checkpoints).toBe(2);
    });

    for (const column of TEXT_COLUMNS)
      test(`[AUD9] a byte changed in ${column} names the record`, async () => {
        if (column === 'job_id') {
          await change("update audit_records set job_id = 'x' where seq = 3");
        } else {
          await change(
            `update audit_records set "${column}" = substr("${column}", 1, length("${column}") - 1) || case when substr("${column}", length("${column}"), 1) = '1' then '2' else '1' end where seq = 3`,
          );
        }
        const record = (await world.records())[2]!;
        const personal = PERSONAL.some((name) => name === column) || column === 'salt';
        const problem = personal ? 'personal_changed' : 'changed';
        expect((await world.verify()).broken).toEqual({ problem, seq: 3, id: record.id });
      });

    test('[AUD9] a changed time names the record', async () => {
      await change('update audit_records set at = at + 1 where seq = 3');
      expect((await world.verify()).broken).toMatchObject({ problem: 'changed', seq: 3 });
    });

    test('[AUD9] a changed number shows as a gap', async () => {
      await change('update audit_records set seq = 16 where seq = 3');
      expect((await world.verify()).broken).toMatchObject({ problem: 'gap', seq: 3, until: 3 });
    });

    test('[AUD9] a deleted record shows as a gap before the next', async () => {
      const next = (await world.records())[3]!;
      await change('delete from audit_records where seq = 3');
      expect((await world.verify()).broken).toEqual({ problem: 'gap', seq: 3, until: 3, id: next.id });
    });

    test('[AUD9] two records that changed places: the first is named', async () => {
      await change('update audit_records set seq = 99 where seq = 2');
      await change('update audit_records set seq = 2 where seq = 4');
      await change('update audit_records set seq = 4 where seq = 99');
      expect((await world.verify()).broken).toMatchObject({ problem: 'changed', seq: 2 });
    });

    test('[AUD9] a record hidden by taking it out of the chain shows as a gap', async () => {
      await change('update audit_records set seq = null, hash = null where seq = 2');
      expect((await world.verify()).broken).toMatchObject({ problem: 'gap', seq: 2 });
    });

    test('[AUD10] a tail cut off below a checkpoint is named', async () => {
      await change('delete from audit_records where seq >= 5');
      const { broken } = await world.verify();
      expect(broken).toMatchObject({ problem: 'missing_tail', seq: 5, until: 6 });
      expect(describeBroken(broken!)).toMatch(/records 5 to 6 are not there/);
      await change('delete from audit_records');
      expect((await world.verify()).broken).toMatchObject({ problem: 'missing_tail', seq: 1, until: 6 });
    });

    test('[AUD9] a tail that somebody without the key wrote anew is named', async () => {
      const forger = chainKeyOf(randomBytes(32));
      let hash = (await world.records())[2]!.hash;
      for (const record of (await world.records()).slice(3)) {
        const reason = 'forged';
        const personal_hash = personalHash({ ...record, reason }, record.salt ?? '');
        hash = chainHash(forger, hash, { ...record, personal_hash });
        await change('update audit_records set reason = ?, personal_hash = ?, hash = ? where id = ?', [
          reason,
          personal_hash,
          hash,
          record.id,
        ]);
      }
      expect((await world.verify()).broken).toMatchObject({ problem: 'changed', seq: 4 });
    });

    test('[AUD10] a chain written anew with the key is named by a checkpoint', async () => {
      let hash = (await world.records())[4]!.hash;
      const record = { ...(await world.records())[5]!, action: 'ban.delete' };
      hash = chainHash(world.keys.chainKey, hash, record);
      await change("update audit_records set action = 'ban.delete', hash = ? where seq = 6", [hash]);
      expect((await world.verify()).broken).toMatchObject({ problem: 'rewritten', seq: 6 });
    });

    test('[AUD10] a checkpoint that was changed or signed by somebody else is named', async () => {
      const [first] = (await readCheckpoints(world.folder)).checkpoints;
      await appendCheckpoint(world.folder, { ...first!, seq: 2 });
      expect((await world.verify()).broken).toEqual({ problem: 'checkpoint_forged', seq: 2 });
    });

    test('[AUD11] records behind the newest checkpoint are counted as the unsealed rest', async () => {
      await world.act();
      const late = world.another();
      await late.flush();
      expect(await world.verify()).toMatchObject({ broken: undefined, records: 7, unsealedRest: 1 });
    });

    test('[AUD12] erasing a person empties the records that name them, and the chain holds', async () => {
      await world.act({ by: 'mod-0', on: 'sara', asId: null });
      await world.act({ by: 'sara', on: 'user-9', asId: null });
      await world.act({ by: 'mod-1', on: 'user-9', asId: 'sara' as UserId });
      await world.sequencer.flush();
      await world.database.write((tx) => erasePersonal(tx, 'sara' as UserId));
      const records = await world.records();
      expect(JSON.stringify(records)).not.toContain('sara');
      for (const column of [...PERSONAL, 'salt'] as const) expect(records[7]?.[column]).toBeNull();
      expect(records[5]?.actor_id).toBe('mod-1');
      expect(await world.verify()).toMatchObject({ broken: undefined, records: 9, erased: 3 });
    });

    test('[AUD12] people are erased from what other records tell of them, words and namesakes are not', async () => {
      const userOf = (name: string) => ({ sara: { name, role: 'user' }, tom: null });
      await world.act({
        action: 'user.upsert',
        target: { type: 'app', id: 'app' },
        before: {},
        after: userOf('S'),
      });
      await world.act({
        action: 'call.mute',
        after: { muted: [{ user_id: 'sara', kind: 'audio' }] },
        on: 'tom',
      });
      await world.act({
        action: 'call.mute',
        after: { muted: [{ user_id: 'tom', kind: 'audio' }] },
        on: 'tom',
      });
      await world.act({
        action: 'call.update',
        after: { sara: true, user_id: 'sara2', role: 'sara' },
        on: 'tom',
      });
      await world.sequencer.flush();
      await world.act({ action: 'call.kick', on: 'sara' });
      await erasePeople(world.database, ['sara' as UserId, 'audio' as UserId]);
      await erasePeople(world.database, ['sara' as UserId]);
      await world.sequencer.flush();
      const erased = (await world.records()).slice(6).map(({ salt }) => salt === null);
      expect(erased).toEqual([true, true, false, false, true]);
      expect(await world.verify()).toMatchObject({ broken: undefined, records: 11, erased: 3 });
    });

    test('[AUD12] a record erased in part is named', async () => {
      await change('update audit_records set salt = null, reason = null where seq = 3');
      expect((await world.verify()).broken).toMatchObject({ problem: 'personal_changed', seq: 3 });
    });

    test('[AUD13] a restore voids the heads signed after what it restored', async () => {
      await change('delete from audit_records where seq > 4');
      expect((await world.verify()).broken?.problem).toBe('missing_tail');
      const { seq, hash } = (await world.records())[3]!;
      const restore = { kind: 'restore', seq, hash, at: world.clock.now() } as const;
      await appendCheckpoint(world.folder, signCheckpoint(world.keys.signingKey, restore));
      expect(await world.verify()).toMatchObject({ broken: undefined, records: 4 });
    });

    test('[AUD8] checkpoints survive a line that a crash cut short, and stay bounded', async () => {
      appendFileSync(join(world.folder, CHECKPOINT_FILE), '{"kind":"head","seq":7');
      expect(await readCheckpoints(world.folder)).toMatchObject({ checkpoints: { length: 2 } });
      const { seq, hash } = (await world.records())[5]!;
      const head = signCheckpoint(world.keys.signingKey, { kind: 'head', seq, hash, at: 1 });
      await appendCheckpoint(world.folder, head);
      const { checkpoints, unreadable } = await readCheckpoints(world.folder);
      expect([checkpoints.length, unreadable]).toEqual([3, undefined]);
      for (let written = 0; written < 20; written++) await appendCheckpoint(world.folder, head, 1_000);
      expect((await readCheckpoints(world.folder)).checkpoints.length).toBeLessThan(12);
      expect((await world.verify()).broken).toBeUndefined();
    });

    test('[AUD9] numbers that go back are named', async () => {
      const records = await world.records();
      const { chainKey, publicKey } = world.keys;
      const twice = (async function* () {
        yield records.slice(0, 3);
        yield records.slice(2);
      })();
      const result = await verifyChain({ records: twice, chainKey, publicKey, checkpoints: [] });
      expect(result.broken).toMatchObject({ problem: 'order', seq: 3 });
    });
  });
