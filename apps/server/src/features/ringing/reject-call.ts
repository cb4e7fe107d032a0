import type { CallCid, RejectCallRequest, UserId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type CallRow, requireCall } from '../calls/index.ts';
import type { Act, ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { refusal } from '../policy/index.ts';
import { answerRings, openRings } from './answer.ts';
import { answererOf } from './demand-oneself.ts';
import { endRing, stateMissed, stateRejected, unanswered } from './ring.ts';
import { clearRing } from './ring-timers.ts';
import { calleesOf, type RingRow, ringsBy, ringsOf } from './rings.store.ts';

/**
 * Rejects what rings the person in the call, or stops what they ring themselves. Who was not reached in time or is busy
 * has missed the call, and is told so. Twice is the same 200 with no event.
 */
export function rejectCall(
  acts: Acts,
  request: ActRequest,
  input: RejectCallRequest & { cid: CallCid },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid, reason } = input;
    const userId = await answererOf(act, input.user_id);
    await act.tx.lock(`call:${cid}`);
    const call = await requireCall(act.tx, cid);
    const policy = await act.policy.inCall(act.tx, { userId, token: null, address: null }, cid);
    if (policy.readRefusal !== null) throw refusal(policy.readRefusal);
    const [rung, own] = await Promise.all([ringsOf(act.tx, cid, userId), ringsBy(act.tx, cid, userId)]);
    const mine = own.filter(({ ended_at }) => ended_at === null);
    const open = openRings(rung);
    const rings: RingRow[] = open.length > 0 ? open : mine;
    if (rings.length === 0) return demandRejected(rung[0]?.answer, own[0]);
    act.audit({
      action: 'call.reject',
      cid,
      asId: input.user_id ?? null,
      target: { type: 'user', id: userId },
      ...(reason !== undefined && { reason }),
      after: { ring_ids: rings.map(({ id }) => id) },
    });
    if (open.length > 0) await answerRings(act, open, 'rejected');
    else await Promise.all(mine.map((ring) => endRing(act.tx, ring, 'cancelled', act.now)));
    await stateRejected(act, call, { userId, reason, rings });
    if (open.length === 0) await missCancelled(act, call, mine, reason);
    else if (reason === 'busy') await missBusy(act, call, { rings: open, userId });
    return {};
  });
}

/** The same again is the same 200; otherwise 400/4, because there is nothing to reject or to stop. */
function demandRejected(answer: string | null | undefined, own: RingRow | undefined): object {
  if (answer === 'rejected' || (answer === undefined && own && own.end_reason !== 'answered')) return {};
  throw inputError(
    'id',
    answer === 'accepted' ? 'you have accepted this ring' : 'nothing rings in this call now',
  );
}

/** A caller who stops for want of an answer leaves the missed call to its own time. */
async function missCancelled(
  act: Act,
  call: CallRow,
  rings: readonly RingRow[],
  reason: string | undefined,
): Promise<void> {
  for (const ring of rings) {
    if (reason === 'timeout') continue;
    await stateMissed(act, call, ring, unanswered(await calleesOf(act.tx, ring.id)));
    await clearRing(act.tx, ring);
  }
}

async function missBusy(
  act: Act,
  call: CallRow,
  { rings, userId }: { rings: readonly RingRow[]; userId: UserId },
): Promise<void> {
  for (const ring of rings) {
    const own = (await calleesOf(act.tx, ring.id)).filter(({ user_id }) => user_id === userId);
    await stateMissed(act, call, ring, own);
  }
}
