import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallCid, UserId } from '@callgate/contract';
import type { Database } from '../../storage/database.ts';
import type { TestDatabase, TestEngine } from '../../storage/test-databases.ts';
import type { AuditDraft, SealedRecord } from './audit-record.ts';
import { toRecord } from './audit-record.ts';
import { appendRecords, recordsAfter } from './audit-records.store.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { type AuditKeys, loadAuditKeys } from './keys.ts';
import { createSequencer, type Sequencer } from './sequencer.ts';
import { type Verification, verifyChain } from './verify.ts';

/* Test support: a chain over a fresh database, with a clock that the test moves. */

export interface AuditWorld {
  database: Database;
  test: TestDatabase;
  folder: string;
  keys: AuditKeys;
  clock: { time: number; now(): number };
  sequencer: Sequencer;
  /** What the sequencer logged. */
  errors: unknown[];
  /** A further process on the same database. */
  another(options?: { batch?: number }): Sequencer;
  /** Commits a record, as an act does; `by` and `on` are user ids. */
  act(draft?: Partial<AuditDraft> & { by?: string; on?: string }): Promise<string>;
  records(): Promise<SealedRecord[]>;
  verify(): Promise<Verification>;
  discard(): Promise<void>;
}

export const CID = 'default:standup' as CallCid;
export const START = Date.UTC(2026, 10, 22, 10);

export async function auditWorld(engine: TestEngine): Promise<AuditWorld> {
  const test = await engine.create();
  const { database } = test;
  const folder = engine.name === 'sqlite' ? test.location : mkdtempSync(join(tmpdir(), 'callgate-audit-'));
  const keys = loadAuditKeys(folder);
  const clock = { time: START, now: () => clock.time };
  const errors: unknown[] = [];
  const logger = { error: (fields: unknown) => void errors.push(fields) };
  const another: AuditWorld['another'] = (options) =>
    createSequencer({ database, clock, keys, folder, logger, holder: randomUUID(), ...options });
  const records = () => database.read((snapshot) => recordsAfter(snapshot, 0, 10_000));
  return {
    database,
    test,
    folder,
    keys,
    clock,
    sequencer: another(),
    errors,
    another,
    async act({ by = 'mary', on = 'sara', ...draft } = {}) {
      const actor = { kind: 'user', id: by as UserId, address: '192.0.2.1', requestId: 'req-1' } as const;
      const target = { type: 'user', id: on } as const;
      const full = {
        action: 'ban.create',
        cid: CID,
        target,
        reason: 'spam',
        after: { banned: true },
        ...draft,
      };
      const record = toRecord(full, actor, null, clock.now());
      await database.write((tx) => appendRecords(tx, [record]));
      return record.id;
    },
    records,
    async verify() {
      const { checkpoints } = await readCheckpoints(folder);
      const { chainKey, publicKey } = keys;
      return verifyChain({ records: inBatches(await records()), chainKey, publicKey, checkpoints });
    },
    async discard() {
      await test.discard();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function* inBatches(records: SealedRecord[]): AsyncGenerator<SealedRecord[]> {
  for (let from = 0; from < records.length; from += 3) yield records.slice(from, from + 3);
}
