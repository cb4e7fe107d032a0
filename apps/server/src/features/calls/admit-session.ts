import type { SessionId } from '@callgate/contract';
import type { Clock } from '../../kernel/clock.ts';
import type { ApiError } from '../../kernel/errors.ts';
import type { Database, Handle, Tx } from '../../storage/database.ts';
import { appendRecords, toRecord } from '../audit/index.ts';
import type { ActRequest } from '../enforcement/index.ts';
import { appendEvents, type EventDraft } from '../events/index.ts';
import {
  activateSession,
  endSession,
  findSession,
  type MediaSessionRow,
  stalePending,
} from '../media/index.ts';
import {
  isRefusalReason,
  type LoadedPolicy,
  type PolicyReader,
  type RefusalReason,
  refusal,
} from '../policy/index.ts';
import { isSessionRunning, sessionEndedAt } from './call.ts';
import { callForEvent, callState } from './call-view.ts';
import { type CallRow, findCall, holdCall, saveCallSession } from './calls.store.ts';
import { overError } from './door-errors.ts';
import { participantOf, sessionOf } from './session-endings.ts';
import { armSessionLimit, clearSessionEnd } from './session-timers.ts';

/** What the second step of a join needs. */
export interface AdmitDeps {
  database: Database;
  clock: Clock;
  policy: PolicyReader;
  onEvents: () => void;
}

/** Whose session it is, and how much of the call the answer shows. */
export interface Shown {
  request: ActRequest;
  id: SessionId;
  membersLimit: number | undefined;
}

type State = Awaited<ReturnType<typeof callState>>;

/**
 * Step two of a join: in a transaction of its own, so after the first one's commit, asks policy again and makes the
 * session active, or ends it and throws the refusal. Answers the call as the joiner sees it. For a session that is
 * active already (a replayed request) nothing changes.
 */
export async function admit(
  { database, clock, policy, onEvents }: AdmitDeps,
  { request, id, membersLimit }: Shown,
): Promise<State> {
  const done = await database.write(async (tx) => {
    const session = await findSession(tx, id);
    if (!session) throw new Error(`the session ${id} has no row`);
    const mine = await policyOfSession(tx, policy, session);
    const now = clock.now();
    const refused = (await settle(tx, request, session, mine, now)) ?? unseen(request, mine);
    if (refused) return { refused };
    const row = await findCall(tx, session.cid);
    if (!row) throw new Error(`the call ${session.cid} of a session has no row`);
    return { state: await callState(tx, row, { now, mine, membersLimit }) };
  });
  onEvents();
  if ('refused' in done) throw whyNotIn(done.refused);
  return done.state;
}

/** The refusal of policy, or that the session was ended otherwise: the person left while they joined, say. */
const whyNotIn = (reason: string): ApiError =>
  isRefusalReason(reason) ? refusal(reason) : overError({ end_reason: reason });

/** The call as the joiner sees it whose session waits at the door; throws the refusal of who may not read it any more. */
export async function stateForIssued(
  { database, clock, policy }: AdmitDeps,
  { request, id, membersLimit }: Shown,
): Promise<{ state: State; session: MediaSessionRow }> {
  const done = await database.read(async (snapshot) => {
    const session = await findSession(snapshot, id);
    if (!session) throw new Error(`the session ${id} has no row`);
    const mine = await policyOfSession(snapshot, policy, session);
    const refused = unseen(request, mine);
    const row = await findCall(snapshot, session.cid);
    if (refused || !row) return { refused: refused ?? 'ended' };
    return { session, state: await callState(snapshot, row, { now: clock.now(), mine, membersLimit }) };
  });
  if ('refused' in done) throw refusal(done.refused);
  return done;
}

/** The policy of a session's person, as the session joined. */
export function policyOfSession(
  handle: Handle,
  policy: PolicyReader,
  session: MediaSessionRow,
): Promise<LoadedPolicy> {
  const { user_id: userId, cid, address, epoch, created_at: createdAt, role_claim: role } = session;
  const token = session.by_server ? null : { issuedAt: session.token_issued_at, callCids: [cid], role };
  const asked = { userId, token, address, hidden: session.hidden === 1 };
  return policy.inCall(handle, asked, cid, { epoch, createdAt });
}

/**
 * Why a repeated request is not told the call as it is now: the person has been blocked since, say. The first time
 * `settle` has refused them already.
 */
const unseen = ({ caller }: ActRequest, { readRefusal }: LoadedPolicy): RefusalReason | undefined =>
  caller.kind === 'server' || readRefusal === null || readRefusal === 'no_capability'
    ? undefined
    : readRefusal;

/** The reason why the person is not in, or undefined: they are. */
async function settle(
  tx: Tx,
  request: ActRequest,
  session: MediaSessionRow,
  mine: LoadedPolicy,
  now: number,
): Promise<string | undefined> {
  if (session.state === 'active' || session.joined_at !== null) return undefined;
  if (session.state !== 'pending') return session.end_reason ?? 'kicked';
  if (mine.stayRefusal !== null) {
    await endSession(tx, session.id, now, mine.stayRefusal);
    await recordRefusal(tx, request, session, mine.stayRefusal, now);
    return mine.stayRefusal;
  }
  return activate(tx, session, now);
}

/** Makes a pending session active and tells of it; the reason when an act was faster. */
export async function activate(tx: Tx, session: MediaSessionRow, now: number): Promise<string | undefined> {
  // The row is held before the session is counted in, as it is before one is counted out.
  const call = await holdCall(tx, session.cid);
  if (!call) throw new Error(`the call ${session.cid} of a session has no row`);
  const isRunning = isSessionRunning(call, now);
  const callSessionId = isRunning && call.session_id ? call.session_id : session.call_session_id;
  const active = await activateSession(tx, session.id, callSessionId, now);
  if (!active) return (await findSession(tx, session.id))?.end_reason ?? 'kicked';
  if (active.hidden === 1) return undefined;
  const events = isRunning ? [] : await startSession(tx, call, active, now);
  if (isRunning && call.session_emptied_at !== null) await resumeSession(tx, call, now);
  await appendEvents(tx, [...events, await participantJoined(tx, active, now)], now);
  return undefined;
}

/** Somebody is in again before the session ended. */
async function resumeSession(tx: Tx, call: CallRow, now: number): Promise<void> {
  const resumed = { ...call, session_emptied_at: null };
  await Promise.all([saveCallSession(tx, sessionOf(resumed)), clearSessionEnd(tx, call.cid)]);
  await armSessionLimit(tx, resumed, now);
}

/** A new session of the call; one that ended by itself in the meantime is told of first. */
async function startSession(
  tx: Tx,
  call: CallRow,
  active: MediaSessionRow,
  now: number,
): Promise<EventDraft[]> {
  const { cid, call_session_id: session_id } = active;
  const startedAt = Math.max(now, active.created_at);
  const rings_since = sessionEndedAt(call, now) ?? call.rings_since;
  const session = { session_id, session_started_at: startedAt, session_emptied_at: null, rings_since };
  await saveCallSession(tx, { cid, ...session });
  const started = { ...call, ...session };
  const isOldOneUntold = await clearSessionEnd(tx, cid);
  await armSessionLimit(tx, started, now);
  const audience = { watchers: true } as const;
  const shown = await callForEvent(tx, started, now);
  const events: EventDraft[] = [
    { type: 'call.session_started', cid, audience, payload: { call: shown, session_id } },
  ];
  if (isOldOneUntold) {
    const payload = { call: shown, session_id: call.session_id };
    events.unshift({ type: 'call.session_ended', cid, audience, payload });
  }
  return events;
}

async function participantJoined(tx: Tx, session: MediaSessionRow, now: number): Promise<EventDraft> {
  return {
    type: 'call.session_participant_joined',
    cid: session.cid,
    audience: { watchers: true, users: [session.user_id] },
    payload: { participant: await participantOf(tx, session, now), session_id: session.call_session_id },
  };
}

/** The join is in the audit log already: that it was refused after all is added. */
async function recordRefusal(
  tx: Tx,
  request: ActRequest,
  session: MediaSessionRow,
  reason: string,
  now: number,
): Promise<void> {
  const { cid, user_id, id: session_id } = session;
  const draft = {
    action: 'call.join_refused',
    cid,
    target: { type: 'user', id: user_id },
    reason,
    before: { session_id },
  } as const;
  const actor = { kind: 'system', id: null, address: request.address, requestId: request.requestId } as const;
  await appendRecords(tx, [toRecord(draft, actor, null, now)]);
}

/** A join takes far less than this between its two steps, in milliseconds. */
const STALE_MS = 30_000;
const SWEEP_BATCH = 200;

/**
 * Ends joins that a crash cut off between their two steps, so that they hold no seat. Call it when the server
 * starts and now and then; resolves with their number.
 */
export async function endCutOffJoins({
  database,
  clock,
}: Pick<AdmitDeps, 'database' | 'clock'>): Promise<number> {
  const now = clock.now();
  const stale = await database.read((snapshot) => stalePending(snapshot, now - STALE_MS, SWEEP_BATCH));
  if (stale.length === 0) return 0;
  return database.write(async (tx) => {
    const ended = await Promise.all(stale.map((session) => endSession(tx, session.id, now, 'timeout')));
    return ended.filter((row) => row !== undefined).length;
  });
}
