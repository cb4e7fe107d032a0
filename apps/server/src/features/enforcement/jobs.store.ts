import type { JobId } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import type { JobsTable } from '../../storage/tables.ts';
import type { SessionSelector } from '../media/index.ts';

/** How long a process holds a job that it works on without saying so again, in milliseconds. */
export const JOB_LEASE_MS = 5_000;

const insertJob = prepared<{ id: JobId; scope: string; now: number; node: string; until: number }, never>(
  (db, p) =>
    db.insertInto('jobs').values({
      id: p('id'),
      kind: 'enforcement',
      state: 'pending',
      scope: p('scope'),
      result: null,
      attempts: 0,
      run_at: p('now'),
      leased_by: p('node'),
      leased_until: p('until'),
      created_at: p('now'),
      done_at: null,
    }),
);
type Finished = Pick<JobsTable, 'id' | 'scope'>;
const finish = (isLate: 0 | 1) =>
  prepared<{ id: JobId; result: string; now: number }, Finished>((db, p) =>
    db
      .updateTable('jobs')
      .set({ state: 'done', result: p('result'), done_at: p('now'), attempts: isLate })
      .where('id', '=', p('id'))
      .where('state', '=', 'pending')
      .returning(['id', 'scope']),
  );
const finishInTime = finish(0);
const finishLate = finish(1);
const takeDone = prepared<{ ids: string }, JobsTable>((db, p, engine) =>
  db
    .updateTable('jobs')
    .set({ attempts: 1 })
    .where(inList(engine, 'id', p('ids')))
    .where('state', '=', 'done')
    .where('attempts', '=', 0)
    .returningAll(),
);
const selectPending = prepared<{ after: JobId }, JobsTable>((db, p) =>
  db
    .selectFrom('jobs')
    .selectAll()
    .where('state', '=', 'pending')
    .where('id', '>', p('after'))
    .orderBy('id')
    .limit(500),
);
const selectAbandoned = prepared<{ now: number }, Pick<JobsTable, 'id'>>((db, p) =>
  db
    .selectFrom('jobs')
    .select('id')
    .where('state', '=', 'pending')
    .where('leased_until', '<', p('now'))
    .orderBy('id')
    .limit(100),
);
const takeFrom = prepared<{ ids: string; node: string; until: number; now: number }, JobsTable>(
  (db, p, engine) =>
    db
      .updateTable('jobs')
      .set({ leased_by: p('node'), leased_until: p('until') })
      .where(inList(engine, 'id', p('ids')))
      .where('state', '=', 'pending')
      .where('leased_until', '<', p('now'))
      .returningAll(),
);
const prolong = prepared<{ ids: string; node: string; until: number }, never>((db, p, engine) =>
  db
    .updateTable('jobs')
    .set({ leased_by: p('node'), leased_until: p('until') })
    .where(inList(engine, 'id', p('ids')))
    .where('state', '=', 'pending'),
);
const selectByIds = prepared<{ ids: string }, JobsTable>((db, p, engine) =>
  db
    .selectFrom('jobs')
    .selectAll()
    .where(inList(engine, 'id', p('ids'))),
);

/** What the media server had answered when a job ended; kept with the job and shown in the audit log. */
export interface EnforcementResult {
  state: 'applied' | 'pending' | 'no_media';
  /** Sessions that the act concerned. */
  sessions: number;
  /** Tracks that were silenced or unpublished. */
  tracks: number;
  took_ms: number;
}

export interface NewJob {
  selectors: readonly SessionSelector[];
  /** The process that does it. */
  node: string;
  now: number;
}

/** Writes the job in the act's transaction (f), so that a crash after the commit cannot lose it. */
export function addJob(tx: Tx, { selectors, node, now }: NewJob): AddedJob {
  const id = newId<JobId>(now);
  const scope = JSON.stringify(selectors);
  return { id, written: insertJob.all(tx, { id, scope, now, node, until: now + JOB_LEASE_MS }) };
}

/** Who works on jobs, and until when. */
interface Holder {
  node: string;
  until: number;
}

/** Up to 100 jobs that are not done and that nobody works on any more, oldest first. */
export const abandonedJobs = (handle: Handle, now: number): Promise<Pick<JobsTable, 'id'>[]> =>
  selectAbandoned.all(handle, { now });

/** Takes those of the jobs that nobody has taken meanwhile. */
export const takeAbandoned = (
  tx: Tx,
  ids: readonly JobId[],
  { node, until, now }: Holder & { now: number },
): Promise<JobsTable[]> => takeFrom.all(tx, { ids: JSON.stringify(ids), node, until, now });

/** Says that jobs are still worked on. */
export const prolongJobs = async (tx: Tx, ids: readonly JobId[], { node, until }: Holder): Promise<void> =>
  void (await prolong.all(tx, { ids: JSON.stringify(ids), node, until }));

/** A job on its way into the transaction: `written` settles with its statement, so others can travel with it. */
export interface AddedJob {
  id: JobId;
  written: Promise<unknown>;
}

/** What came of a job. `late`: not in time for the reply, or it is not known whether it was. */
export interface Outcome {
  id: JobId;
  result: EnforcementResult;
  isLate: boolean;
}

/** Writes down what came of a job; undefined when that was done before. */
export const finishJob = (
  tx: Tx,
  { id, result, isLate }: Outcome,
  now: number,
): Promise<Finished | undefined> =>
  (isLate ? finishLate : finishInTime).first(tx, { id, result: JSON.stringify(result), now });

/** Of these jobs those that were done in time, as far as they knew; from now on they count as late. */
export const takeDoneInTime = (tx: Tx, ids: readonly JobId[]): Promise<JobsTable[]> =>
  takeDone.all(tx, { ids: JSON.stringify(ids) });

/** Up to 500 jobs that are not done and come after that id, oldest first. */
export const pendingJobs = (handle: Handle, after: JobId): Promise<JobsTable[]> =>
  selectPending.all(handle, { after });

/** Jobs by id, for the audit log and for replayed replies. */
export const jobsByIds = (handle: Handle, ids: readonly JobId[]): Promise<JobsTable[]> =>
  selectByIds.all(handle, { ids: JSON.stringify(ids) });

/** What is known of a job now: its result, or `pending` while it runs. */
export const resultOf = (job: Pick<JobsTable, 'result'>): EnforcementResult =>
  job.result === null ? { state: 'pending', sessions: 0, tracks: 0, took_ms: 0 } : JSON.parse(job.result);
