import type { CallCid, RingId } from '@callgate/contract';
import type { Tx } from '../../storage/database.ts';
import { holdCall } from '../calls/index.ts';
import type { Act, DueWork } from '../enforcement/index.ts';
import { cameIn } from '../media/index.ts';
import { clearTimer, setTimer } from '../timers/index.ts';
import { endRing, stateMissed, stateRejected, unanswered } from './ring.ts';
import { calleesOf, findRing, type RingRow } from './rings.store.ts';

/** Nobody has accepted for `auto_cancel_timeout_ms`; the key is the ring. */
export const RING_CANCEL = 'ring.cancel';
/** Who has not answered for `missed_call_timeout_ms` has missed the call; the key is the ring. */
export const RING_MISSED = 'ring.missed';

export async function armRing(tx: Tx, { id, cid, cancel_at, miss_at }: RingRow): Promise<void> {
  await setTimer(tx, { kind: RING_CANCEL, key: id, dueAt: cancel_at, data: { cid } });
  await setTimer(tx, { kind: RING_MISSED, key: id, dueAt: miss_at, data: { cid } });
}

export async function clearRing(tx: Tx, { id }: Pick<RingRow, 'id'>): Promise<void> {
  await Promise.all([clearTimer(tx, RING_CANCEL, id), clearTimer(tx, RING_MISSED, id)]);
}

const ringWork = (verb: (act: Act, ring: RingRow) => Promise<void>): DueWork => ({
  hold: (tx, { data }) => tx.lock(`call:${(data as { cid: CallCid }).cid}`),
  async verb(act, { key }) {
    const ring = await findRing(act.tx, key as RingId);
    if (ring) await verb(act, ring);
  },
});

/**
 * Stops a ring, as its caller would have: `call.rejected` with the reason `timeout`. False: somebody accepted or came in,
 * and nothing is stopped.
 */
async function stopUnanswered(act: Act, ring: RingRow): Promise<boolean> {
  const { id, cid, caller_id } = ring;
  const callees = await calleesOf(act.tx, id);
  const people = callees.map(({ user_id }) => user_id);
  const isAnswered =
    callees.some(({ answer }) => answer === 'accepted') ||
    (await cameIn(act.tx, cid, people, ring.started_at)).size > 0;
  if (isAnswered) return false;
  await endRing(act.tx, ring, 'timed_out', act.now);
  const call = await holdCall(act.tx, cid);
  if (!call || call.ended_at !== null) return true;
  act.audit({
    action: 'call.reject',
    cid,
    target: { type: 'user', id: caller_id },
    reason: 'timeout',
    after: { ring_id: id },
  });
  await stateRejected(act, call, { userId: caller_id, reason: 'timeout', rings: [ring] });
  return true;
}

/** Stops a ring that nobody accepted. */
export const cancelRing = ringWork(async (act, ring) => {
  if (ring.ended_at !== null || (await stopUnanswered(act, ring))) return;
  if (ring.miss_at <= act.now) await endRing(act.tx, ring, 'answered', act.now);
});

/**
 * Tells those who neither answered nor came in. Nothing is decided and there is no audit record, unless the ring is to be
 * stopped and is not yet: after a restart both are due, no order is promised among timers, and what this one ends the other
 * one would not tell.
 */
export const missRing = ringWork(async (act, ring) => {
  const isToEnd = ring.ended_at === null && ring.cancel_at <= act.now;
  const isStopped = isToEnd && (await stopUnanswered(act, ring));
  const call = await holdCall(act.tx, ring.cid);
  if (!call) return;
  await stateMissed(act, call, ring, unanswered(await calleesOf(act.tx, ring.id)));
  if (isToEnd && !isStopped) await endRing(act.tx, ring, 'timed_out', act.now);
});
