import type { Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import type { UnsealedRecord } from './audit-record.ts';

const insertRecord = prepared<UnsealedRecord, never>((db, p) =>
  db.insertInto('audit_records').values({
    id: p('id'),
    at: p('at'),
    action: p('action'),
    actor_kind: p('actor_kind'),
    cid: p('cid'),
    request_id: p('request_id'),
    job_id: p('job_id'),
    actor_id: p('actor_id'),
    as_id: p('as_id'),
    target_type: p('target_type'),
    target_id: p('target_id'),
    reason: p('reason'),
    address: p('address'),
    before: p('before'),
    after: p('after'),
    salt: p('salt'),
    personal_hash: p('personal_hash'),
    seq: null,
    hash: null,
  }),
);

/** Appends a record in the act's transaction; the sequencer chains it after the commit. */
export async function appendRecord(tx: Tx, record: UnsealedRecord): Promise<void> {
  await insertRecord.all(tx, record);
}
