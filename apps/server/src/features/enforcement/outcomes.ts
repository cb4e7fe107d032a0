import type { CallCid, JobId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import type { SessionSelector } from '../media/index.ts';
import { taskOf } from './fan-out.ts';
import { type EnforcementResult, finishJob, type Outcome, resultOf, takeDoneInTime } from './jobs.store.ts';

/**
 * Writes down what came of jobs, and of each late one the event that tells it, in one transaction. A job that is done
 * already stays as it is, whoever did it: so each is told once. Answers whether events were appended.
 */
export async function writeOutcomes(tx: Tx, outcomes: readonly Outcome[], now: number): Promise<boolean> {
  // In the order of their ids, so that two processes with the same jobs wait for each other instead of blocking each other.
  const inOrder = outcomes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const finished = await Promise.all(inOrder.map((outcome) => finishJob(tx, outcome, now)));
  const events = inOrder.flatMap(({ result, isLate }, at) => {
    const job = finished[at];
    return job && isLate ? [completed(job, result)] : [];
  });
  await appendEvents(tx, events, now);
  return events.length > 0;
}

/**
 * Tells of those jobs among the given that are done without having been told: their commit was on disk although the
 * database had not said so, and the reply was `pending`. Answers whether events were appended.
 */
export async function tellUnanswered(tx: Tx, ids: readonly JobId[], now: number): Promise<boolean> {
  const done = await takeDoneInTime(tx, ids);
  const events = done.map((job) => completed(job, resultOf(job)));
  await appendEvents(tx, events, now);
  return events.length > 0;
}

/** For webhooks alone. It names the call without being an event of it: a call's numbers are for what happens in it. */
const completed = (job: { id: JobId; scope: string }, result: EnforcementResult): EventDraft => {
  const scope: SessionSelector[] = JSON.parse(job.scope);
  const call_cid = callOf(scope);
  const enforcement = { ...result, job_id: job.id, ...taskOf(job.id, scope) };
  return {
    type: 'enforcement.completed',
    audience: {},
    payload: { ...(call_cid && { call_cid }), job_id: job.id, enforcement },
  };
};

/** The call that all selectors name. */
function callOf(selectors: readonly SessionSelector[]): CallCid | undefined {
  const cids = new Set(selectors.map((selector) => ('cid' in selector ? selector.cid : undefined)));
  const [cid] = cids;
  return cids.size === 1 ? cid : undefined;
}
