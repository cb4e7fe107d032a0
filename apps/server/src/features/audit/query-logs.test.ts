import type { JobId, UserId } from '@callgate/contract';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testEngines } from '../../storage/test-databases.ts';
import { run } from '../../storage/test-scratch.ts';
import { recordOfLine } from './log-entry.ts';
import type { LogFilter } from './log-filter.ts';
import { exportLogs, type LogReading, queryLogs } from './query-logs.ts';
import { type AuditWorld, auditWorld, CID, START } from './test-audit.ts';
import { verifyChain } from './verify.ts';

for (const engine of testEngines)
  describe(engine.name, () => {
    let world: AuditWorld;
    let reading: LogReading;
    beforeEach(async () => {
      world = await auditWorld(engine);
      reading = { ...world, enforcementOf: async () => new Map() };
    });
    afterEach(() => world.discard());

    const exported = async (filter: LogFilter = {}) => {
      let text = '';
      for await (const chunk of exportLogs(reading, filter)) text += chunk;
      return text.split('\n').slice(0, -1);
    };
    const targets = async (filter: LogFilter) =>
      (await queryLogs(reading, filter, {})).logs.map(({ target_id }) => target_id);

    test('[AUD14] a cursor of another query is refused', async () => {
      for (let done = 0; done < 3; done++) await world.act();
      const { next } = await queryLogs(reading, {}, { limit: 2 });
      const other = queryLogs(reading, { action: 'ban.create' }, { limit: 2, next: next ?? '' });
      await expect(other).rejects.toThrow(/next: does not belong to this query/);
    });

    test('[AUD14] a page shows one’s own act at once, the newest first, with who, what, whom and why', async () => {
      await world.act({ by: 'mary', on: 'sara' });
      world.clock.time += 1;
      await world.act({
        by: 'john',
        on: 'tom',
        asId: 'jane' as UserId,
        reason: null,
        before: { banned: false },
        after: undefined,
      });
      const { logs } = await queryLogs(reading, {}, {});
      const [newest, oldest] = logs;
      expect(newest).toMatchObject({
        action: 'ban.create',
        actor_kind: 'user',
        actor_id: 'john',
        as_id: 'jane',
        target_type: 'user',
        target_id: 'tom',
        call_cid: CID,
        request_id: 'req-1',
        address: '192.0.2.1',
        before: { banned: false },
        seq: 2,
        created_at: '2026-11-22T10:00:00.001Z',
      });
      expect(newest).not.toHaveProperty('reason');
      expect(newest).not.toHaveProperty('after');
      expect(newest?.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(oldest).toMatchObject({ actor_id: 'mary', reason: 'spam', after: { banned: true }, seq: 1 });
    });

    test('[AUD14] pages join without a gap, in both directions', async () => {
      for (let done = 0; done < 7; done++) await world.act({ on: `u${done}` });
      const first = await queryLogs(reading, {}, { limit: 3 });
      const second = await queryLogs(reading, {}, { limit: 3, next: first.next ?? '' });
      const third = await queryLogs(reading, {}, { limit: 3, next: second.next ?? '' });
      const seqs = [first, second, third].map(({ logs }) => logs.map(({ seq }) => seq));
      expect(seqs).toEqual([[7, 6, 5], [4, 3, 2], [1]]);
      expect([first.prev, third.next]).toEqual([undefined, undefined]);
      const back = await queryLogs(reading, {}, { limit: 3, prev: second.prev ?? '' });
      expect(back.logs).toEqual(first.logs);
    });

    test('[AUD15] each filter narrows, and they narrow together', async () => {
      await world.act({ by: 'mary', on: 'a' });
      world.clock.time += 1_000;
      await world.act({ by: 'john', on: 'b', action: 'ban.delete', asId: 'mary' as UserId });
      world.clock.time += 1_000;
      await world.act({ by: 'john', on: 'c', cid: 'default:other' as typeof CID });
      expect(await targets({ actor_id: 'mary' })).toEqual(['b', 'a']);
      expect(await targets({ target_id: 'c' })).toEqual(['c']);
      expect(await targets({ action: 'ban.create' })).toEqual(['c', 'a']);
      expect(await targets({ call_cid: CID })).toEqual(['b', 'a']);
      expect(await targets({ request_id: 'req-1' })).toEqual(['c', 'b', 'a']);
      expect(await targets({ request_id: 'REQ-1' })).toEqual([]);
      const from = new Date(START + 1_000).toISOString();
      const to = new Date(START + 2_000).toISOString();
      expect(await targets({ from })).toEqual(['c', 'b']);
      expect(await targets({ to })).toEqual(['b', 'a']);
      expect(await targets({ from, to })).toEqual(['b']);
      expect(await targets({ action: 'ban.create', call_cid: CID })).toEqual(['a']);
    });

    test('[AUD16] an entry tells what the job of the act has come to', async () => {
      await world.act();
      await world.sequencer.flush();
      const enforcement = { state: 'applied', sessions: 1, tracks: 2, took_ms: 3 } as const;
      await world.database.write((tx) => run(tx, "update audit_records set job_id = 'job-1'"));
      reading.enforcementOf = async (_, jobs) => new Map(jobs.map((job: JobId) => [job, enforcement]));
      const { logs } = await queryLogs(reading, {}, {});
      expect(logs[0]?.enforcement).toEqual(enforcement);
    });

    test('[AUD17] the export holds every matching record once, the oldest first, and verifies offline', async () => {
      const drafts = [{ before: null }, { before: { 2: 'b', 1: 'ä"' }, after: null }, { before: undefined }];
      await Promise.all(
        Array.from({ length: 1_203 }, (_, index) => world.act({ on: `u${index}`, ...drafts[index % 4] })),
      );
      const lines = await exported();
      const records = lines.map((line, index) => recordOfLine(line, index + 1));
      expect(records.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_203 }, (_, index) => index + 1));
      const { chainKey, publicKey } = world.keys;
      const rows = (async function* () {
        yield records;
      })();
      const result = await verifyChain({ records: rows, chainKey, publicKey, checkpoints: [] });
      expect(result).toMatchObject({ broken: undefined, records: 1_203, unsealedRest: 1_203 });
      expect(await exported({ target_id: 'u7' })).toHaveLength(1);
    });

    test('[AUD17] the export is read only as fast as it is taken', async () => {
      await Promise.all(Array.from({ length: 1_100 }, () => world.act()));
      let batches = 0;
      const { database } = world;
      const counting = {
        ...reading,
        database: {
          ...database,
          read: <T>(work: Parameters<typeof database.read<T>>[0]) => database.read(work),
          scan: <R>(next: Parameters<typeof database.scan<R>>[0]) =>
            database.scan<R>((last) => {
              batches += 1;
              return next(last);
            }),
        },
      };
      const stream = exportLogs(counting, {});
      await stream.next();
      expect(batches).toBe(1);
      await stream.next();
      expect(batches).toBe(2);
      await stream.return(undefined);
    });
  });
