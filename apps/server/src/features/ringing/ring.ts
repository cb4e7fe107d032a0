import type { UserId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { type CallRow, callForEvent, memberResponse, runningSession, shownUser } from '../calls/index.ts';
import type { Act } from '../enforcement/index.ts';
import { cameIn } from '../media/index.ts';
import { findUser } from '../users/index.ts';
import { reachedBy, readersOf } from './reached.ts';
import { type Callee, callablesOf, calleesOf, type RingRow, saveCallee, saveEnd } from './rings.store.ts';

/** A person as events show one, whose row may be gone by the time of a time-out. */
export const personShown = async (act: Act, id: UserId) => shownUser(await findUser(act.tx, id), id, act.now);

/** Those who are rung still. */
export const unanswered = (callees: readonly Callee[]): Callee[] =>
  callees.filter(({ answered_at, missed_at }) => answered_at === null && missed_at === null);

/** Nobody answers any more. */
export const endRing = (
  tx: Tx,
  { id }: Pick<RingRow, 'id'>,
  end_reason: NonNullable<RingRow['end_reason']>,
  now: number,
): Promise<void> => saveEnd(tx, { id, ended_at: now, end_reason });

/** Who answered or stopped, for which rings; members hear it, but for those who hear nothing of the caller's ringing. */
interface Answer {
  userId: UserId;
  reason?: string | undefined;
  rings: readonly RingRow[];
}

export const stateAccepted = (act: Act, call: CallRow, answer: Answer): Promise<void> =>
  stateAnswer(act, 'call.accepted', call, answer);

export const stateRejected = (act: Act, call: CallRow, answer: Answer): Promise<void> =>
  stateAnswer(act, 'call.rejected', call, answer);

async function stateAnswer(act: Act, type: string, call: CallRow, answer: Answer): Promise<void> {
  const { userId, reason, rings } = answer;
  const own = rings.filter(({ caller_id }) => caller_id === userId);
  const callees = (await Promise.all(own.map(({ id }) => calleesOf(act.tx, id)))).flat();
  const except = callees.filter(({ told }) => told === 0).map(({ user_id }) => user_id);
  const concerned = [...new Set([userId, ...rings.map(({ caller_id }) => caller_id)])];
  const [shown, user, readers] = await Promise.all([
    callForEvent(act.tx, call, act.now),
    personShown(act, userId),
    readersOf(act, call.cid, concerned),
  ]);
  const users = concerned.filter((id) => readers.has(id));
  act.event({
    type,
    cid: call.cid,
    audience: { members: true, users, ...(except.length > 0 && { except }) },
    payload: { call: shown, user, ...(reason !== undefined && { reason }) },
  });
}

/**
 * Notes who of the people has missed the ring and tells them: not who came in meanwhile, and not who is not reached by the
 * caller any more.
 */
export async function stateMissed(
  act: Act,
  call: CallRow,
  ring: RingRow,
  callees: readonly Callee[],
): Promise<void> {
  const { cid, caller_id: caller } = ring;
  const ids = callees.filter(({ told }) => told === 1).map(({ user_id }) => user_id);
  const [reached, inside] = await Promise.all([
    reachedBy(act, { cid, caller }, ids),
    cameIn(act.tx, cid, ids, ring.started_at),
  ]);
  const missed = callees.filter(
    ({ user_id }) => ids.includes(user_id) && reached.has(user_id) && !inside.has(user_id),
  );
  if (missed.length === 0) return;
  await Promise.all(missed.map((callee) => saveCallee(act.tx, { ...callee, missed_at: act.now })));
  const users = missed.map(({ user_id }) => user_id);
  const [shown, user, members] = await Promise.all([
    callForEvent(act.tx, call, act.now),
    personShown(act, caller),
    callablesOf(act.tx, cid, caller, { ids: users, limit: users.length }),
  ]);
  act.event({
    type: 'call.missed',
    cid,
    audience: { users },
    payload: {
      call: shown,
      members: members.map((member) => memberResponse(member, act.now)),
      user,
      session_id: runningSession(call, act.now),
    },
  });
}
