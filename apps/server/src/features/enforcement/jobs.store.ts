import type { JobId } from '@callgate/contract';
import { newId } from '../../kernel/id.ts';
import type { Handle, Tx } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import type { JobsTable } from '../../storage/tables.ts';
import type { SessionSelector } from '../media/index.ts';

const insertJob = prepared<{ id: JobId; scope: string; now: number }, never>((db, p) =>
  db.insertInto('jobs').values({
    id: p('id'),
    kind: 'enforcement',
    state: 'pending',
    scope: p('scope'),
    result: null,
    attempts: 0,
    run_at: p('now'),
    leased_by: null,
    leased_until: null,
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

/** Writes the job in the act's transaction (f), so that a crash after the commit cannot lose it. */
export function addJob(tx: Tx, selectors: readonly SessionSelector[], now: number): AddedJob {
  const id = newId<JobId>(now);
  return { id, written: insertJob.all(tx, { id, scope: JSON.stringify(selectors), now }) };
}

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
