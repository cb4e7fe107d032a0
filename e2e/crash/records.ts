import { readAuditKeys } from '@callgate/server/features/audit/index.ts';
import { rawStatement } from '@callgate/server/storage/prepared.ts';
import { type Location, openReader } from '@callgate/server/storage/reader.ts';
import { verifyDatabase } from '../../apps/cli/src/verify-records.ts';

/** What stands in the tables, read beside the server. */
export interface Records {
  /** Request id -> how many audit records it has. */
  audits: Map<string, number>;
  /** Action -> audit records. */
  actions: Map<string, number>;
  /** Type -> events. */
  events: Map<string, number>;
  /** Events, how many of them have a place in the order of the application, and of these places the different and the last. */
  places: { events: number; placed: number; distinct: number; last: number };
  keys: Set<string>;
  pendingJobs: number;
  /** Calls whose events are not numbered from 1 without gaps and doubles up to the call's own number. */
  brokenSequences: string[];
}

interface Counted {
  name: string;
  count: number;
}

const toMap = (rows: readonly Counted[]): Map<string, number> =>
  new Map(rows.map(({ name, count }) => [name, count]));

export async function readRecords(location: Location): Promise<Records> {
  const reader = await openReader(location);
  const rows = <R>(text: string): Promise<R[]> => reader.handle.run(rawStatement<R>(text));
  try {
    const audits = await rows<Counted>(
      'select request_id as name, count(*) as count from audit_records group by request_id',
    );
    const actions = await rows<Counted>(
      'select action as name, count(*) as count from audit_records group by action',
    );
    const events = await rows<Counted>('select type as name, count(*) as count from outbox group by type');
    const keys = await rows<{ key: string }>('select key from idempotency_keys');
    const pending = await rows<Counted>(
      `select 'pending' as name, count(*) as count from jobs where state = 'pending'`,
    );
    const [places] = await rows<Records['places']>(PLACES);
    const broken = await rows<{ cid: string }>(BROKEN_SEQUENCES);
    return {
      audits: toMap(audits),
      actions: toMap(actions),
      events: toMap(events),
      keys: new Set(keys.map(({ key }) => key)),
      places: places ?? { events: 0, placed: 0, distinct: 0, last: 0 },
      pendingJobs: pending[0]?.count ?? 0,
      brokenSequences: broken.map(({ cid }) => cid),
    };
  } finally {
    await reader.close();
  }
}

const PLACES = `select count(*) as events, count(app_seq) as placed, count(distinct app_seq) as "distinct",
  coalesce(max(app_seq), 0) as last from outbox`;

const BROKEN_SEQUENCES = `select calls.cid as cid from calls left join outbox on outbox.cid = calls.cid
  group by calls.cid, calls.seq
  having count(outbox.id) <> calls.seq or count(distinct outbox.call_seq) <> calls.seq
    or coalesce(max(outbox.call_seq), 0) <> calls.seq`;

/** Walks the audit chain against its checkpoints, as `callgate audit verify` does; the sealed records, or what is broken. */
export async function verifyAuditChain(location: Location, dataDir: string) {
  const reader = await openReader(location);
  try {
    return await verifyDatabase(reader.handle, dataDir, readAuditKeys(dataDir, {}));
  } finally {
    await reader.close();
  }
}
