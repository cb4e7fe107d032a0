import type { AuditId, UserId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import { rowWriter } from '../../storage/row-writer.ts';
import type { SealedRecord, UnsealedRecord } from './audit-record.ts';
import { type Chained, GENESIS, type Seal } from './chain.ts';

/**
 * Appends records in the act's transaction; the sequencer chains them after the commit, which is what `seq` and `hash`
 * wait for.
 */
export const appendRecords = rowWriter<UnsealedRecord>({
  table: 'audit_records',
  columns: {
    id: 'text',
    at: 'bigint',
    action: 'text',
    actor_kind: 'text',
    cid: 'text',
    request_id: 'text',
    job_id: 'text',
    actor_id: 'text',
    as_id: 'text',
    target_type: 'text',
    target_id: 'text',
    reason: 'text',
    address: 'text',
    before: 'text',
    after: 'text',
    salt: 'text',
    personal_hash: 'text',
  },
});

const selectUnsealed = prepared<{ limit: number }, Omit<Chained, 'seq'>>((db, p) =>
  db
    .selectFrom('audit_records')
    .select(['id', 'at', 'action', 'actor_kind', 'cid', 'request_id', 'job_id', 'personal_hash'])
    .where('seq', 'is', null)
    .orderBy('id')
    .limit(p('limit')),
);
const selectNewest = prepared<{ limit: number }, SealedRecord>((db, p) =>
  db
    .selectFrom('audit_records')
    .selectAll()
    .where('seq', 'is not', null)
    .$narrowType<{ seq: number; hash: string }>()
    .orderBy('seq', 'desc')
    .limit(p('limit')),
);
const countUnsealed = prepared<Record<never, never>, { count: number }>((db) =>
  db
    .selectFrom('audit_records')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('seq', 'is', null),
);
const selectAfter = prepared<{ seq: number; limit: number }, SealedRecord>((db, p) =>
  db
    .selectFrom('audit_records')
    .selectAll()
    .where('seq', '>', p('seq'))
    .$narrowType<{ seq: number; hash: string }>()
    .orderBy('seq')
    .limit(p('limit')),
);
/** One statement for a whole batch: one round trip, and 500 rows in about 3 ms on SQLite. */
const updateSeals = prepared<{ seals: string }, never>((db, p, engine) => ({
  compile: () =>
    (engine === 'sqlite'
      ? sql<never>`update audit_records
          set seq = json_extract(seal.value, '$.seq'), hash = json_extract(seal.value, '$.hash')
          from json_each(${p('seals')}) as seal
          where audit_records.id = json_extract(seal.value, '$.id') and audit_records.seq is null`
      : sql<never>`update audit_records set seq = seal.seq, hash = seal.hash
          from jsonb_to_recordset((${p('seals')})::jsonb) as seal (id text, seq bigint, hash text)
          where audit_records.id = seal.id and audit_records.seq is null`
    ).compile(db),
}));
const EMPTY = {
  actor_id: null,
  as_id: null,
  target_type: null,
  target_id: null,
  reason: null,
  address: null,
  before: null,
  after: null,
  salt: null,
};
const eraseByUser = prepared<{ user_id: UserId }, never>((db, p) =>
  db
    .updateTable('audit_records')
    .set(EMPTY)
    .where((eb) =>
      eb.or([
        eb('actor_id', '=', p('user_id')),
        eb('as_id', '=', p('user_id')),
        eb.and([eb('target_type', '=', 'user'), eb('target_id', '=', p('user_id'))]),
      ]),
    ),
);
const eraseByIds = prepared<{ ids: string }, never>((db, p, engine) =>
  db
    .updateTable('audit_records')
    .set(EMPTY)
    .where(inList(engine, 'id', p('ids'))),
);

/** The end of the chain; number 0 before the first record. */
export async function chainHead(handle: Handle): Promise<{ seq: number; hash: string }> {
  const newest = await selectNewest.first(handle, { limit: 1 });
  return newest ? { seq: newest.seq, hash: newest.hash } : { seq: 0, hash: GENESIS };
}

/** The newest sealed records, the newest first. */
export const newestRecords = (handle: Handle, limit: number): Promise<SealedRecord[]> =>
  selectNewest.all(handle, { limit });

/** Sealed records behind a number, in the chain's order. */
export const recordsAfter = (handle: Handle, seq: number, limit: number): Promise<SealedRecord[]> =>
  selectAfter.all(handle, { seq, limit });

/** Committed records that are not in the chain yet, the oldest first. */
export const unsealedRecords = (handle: Handle, limit: number): Promise<Omit<Chained, 'seq'>[]> =>
  selectUnsealed.all(handle, { limit });

export const unsealedCount = async (handle: Handle): Promise<number> =>
  (await countUnsealed.first(handle, {}))?.count ?? 0;

/** Gives records their place in the chain. */
export const writeSeals = async (tx: Tx, seals: readonly Seal[]): Promise<void> =>
  void (await updateSeals.all(tx, { seals: JSON.stringify(seals) }));

/**
 * Empties the personal columns and the salt of every record in which the person acted, was acted for or was the
 * target. The chain holds: it has only the salted hash, which without the salt says nothing. What stands of the
 * person within before and after of other records is `erasePeople`'s to find.
 */
export const erasePersonal = async (tx: Tx, userId: UserId): Promise<void> =>
  void (await eraseByUser.all(tx, { user_id: userId }));

/** As `erasePersonal`, for records by id. */
export const eraseRecords = async (tx: Tx, ids: readonly AuditId[]): Promise<void> =>
  void (await eraseByIds.all(tx, { ids: JSON.stringify(ids) }));
