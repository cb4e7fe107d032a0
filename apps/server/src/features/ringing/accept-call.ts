import type { AcceptCallRequest, CallCid } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { requireCall } from '../calls/index.ts';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { isEnded, refusal } from '../policy/index.ts';
import { answerRings, openRings } from './answer.ts';
import { answererOf } from './demand-oneself.ts';
import { stateAccepted } from './ring.ts';
import { ringsOf } from './rings.store.ts';

/** Accepts what rings the person in the call. To get in they join. Twice is the same 200 with no event. */
export function acceptCall(
  acts: Acts,
  request: ActRequest,
  input: AcceptCallRequest & { cid: CallCid },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    const { cid } = input;
    const userId = await answererOf(act, input.user_id);
    await act.tx.lock(`call:${cid}`);
    const call = await requireCall(act.tx, cid);
    const policy = await act.policy.inCall(act.tx, { userId, token: null, address: act.address }, cid);
    const refused = policy.readRefusal ?? policy.createRefusal;
    if (refused !== null) throw refusal(refused);
    if (isEnded(policy.facts)) throw inputError('id', 'the call has ended');
    const all = await ringsOf(act.tx, cid, userId);
    const open = openRings(all);
    if (open.length === 0) {
      if (all[0]?.answer === 'accepted') return {};
      throw inputError(
        'id',
        all[0]?.answer ? 'you have rejected this ring' : 'nobody rings you in this call now',
      );
    }
    await answerRings(act, open, 'accepted');
    act.audit({
      action: 'call.accept',
      cid,
      asId: input.user_id ?? null,
      target: { type: 'user', id: userId },
      after: { ring_ids: open.map(({ id }) => id) },
    });
    await stateAccepted(act, call, { userId, rings: open });
    return {};
  });
}
