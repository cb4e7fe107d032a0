import type { JobId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import { monotonicMs } from '../../kernel/clock.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import type { EventDraft } from '../events/index.ts';
import { appendEvents } from '../events/index.ts';
import type { MediaPlane, MediaSessionRow, SessionSelector } from '../media/index.ts';
import { endSession, selectSessions } from '../media/index.ts';
import type { PolicyReader, RefusalReason } from '../policy/index.ts';
import { addJob, type EnforcementResult, finishJob, pendingJobs } from './jobs.store.ts';

/** What happens to a call when a session of it ends: implemented by `features/calls`, handed in by `app.ts`. */
export interface SessionEndings {
  /** Notes that the row has ended and returns the events to tell. */
  onSessionEnded(tx: Tx, session: MediaSessionRow, reason: string, now: number): Promise<EventDraft[]>;
}

export interface Enforcement {
  readonly media: MediaPlane;
  addJob(tx: Tx, selectors: readonly SessionSelector[], now: number): Promise<JobId>;
  /** Brings the sessions of a committed job to what policy says now, in a new snapshot. */
  run(jobId: JobId, selectors: readonly SessionSelector[]): Promise<EnforcementResult>;
  /** Runs the jobs that a crash left behind; resolves with their number. */
  recover(): Promise<number>;
  /** Writes down the jobs that had nothing to do. Called on a graceful stop and by the next act. */
  flush(): Promise<void>;
}

/** Jobs that concerned nobody are marked done together, this many at most in one transaction. */
const FLUSH_BATCH = 200;

/**
 * `applyPolicy` for sessions: commit, then read the sessions concerned in a new snapshot and bring each to what
 * policy now says (design section 3). What must hold is computed anew each time; nothing is a delta, so a job
 * can be run twice.
 */
export function createEnforcement(deps: {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  media: MediaPlane;
  endings: SessionEndings;
}): Enforcement {
  const { database, clock, policy, media, endings } = deps;
  const idle: { id: JobId; result: EnforcementResult }[] = [];

  const refusalOf = async (handle: Handle, row: MediaSessionRow): Promise<RefusalReason | null> => {
    const token = row.by_server
      ? null
      : { issuedAt: row.token_issued_at, callCids: [row.cid], role: row.role_claim };
    const asked = { userId: row.user_id, token, address: row.address };
    const session = { epoch: row.epoch, createdAt: row.created_at };
    return (await policy.inCall(handle, asked, row.cid, session)).stayRefusal;
  };

  const flush = async (): Promise<void> => {
    while (idle.length > 0) {
      const batch = idle.splice(0, FLUSH_BATCH);
      await database.write(async (tx) => {
        await Promise.all(batch.map(({ id, result }) => finishJob(tx, id, result, clock.now())));
      });
    }
  };

  const removeRefused = (jobId: JobId, selectors: readonly SessionSelector[], started: number) =>
    database.write(async (tx) => {
      const now = clock.now();
      const rows = await selectSessions(tx, selectors);
      const events: EventDraft[] = [];
      for (const row of rows) {
        const reason = await refusalOf(tx, row);
        if (reason === null) continue;
        const ended = await endSession(tx, row.id, now, reason);
        if (ended) events.push(...(await endings.onSessionEnded(tx, ended, reason, now)));
      }
      await appendEvents(tx, events, now);
      const result = resultFor(media, rows.length, started);
      await finishJob(tx, jobId, result, now);
      return result;
    });

  const run: Enforcement['run'] = async (jobId, selectors) => {
    const started = monotonicMs();
    const concerned = await database.read((snapshot) => selectSessions(snapshot, selectors));
    if (concerned.length > 0) return removeRefused(jobId, selectors, started);
    const result = resultFor(media, 0, started);
    idle.push({ id: jobId, result });
    if (idle.length >= FLUSH_BATCH) await flush();
    return result;
  };

  return {
    media,
    addJob,
    run,
    flush,
    async recover() {
      const jobs = await database.read(pendingJobs);
      for (const job of jobs) await run(job.id, JSON.parse(job.scope));
      await flush();
      return jobs.length;
    },
  };
}

const resultFor = (media: MediaPlane, sessions: number, started: number): EnforcementResult => ({
  state: media.configured ? 'applied' : 'no_media',
  sessions,
  tracks: 0,
  took_ms: Math.round((monotonicMs() - started) * 100) / 100,
});
