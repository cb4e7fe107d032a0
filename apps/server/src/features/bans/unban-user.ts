import type { CallCid, UserId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { ActReply, ActRequest, Acts } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';
import { clearTimer } from '../timers/index.ts';
import { actorField, requireUser } from '../users/index.ts';
import { isInForce } from './ban.ts';
import { findBan } from './bans.store.ts';
import { demandBanner, demandOutranksTarget } from './demand-banner.ts';
import { BAN_END } from './end-ban.ts';
import { liftBan } from './lift-ban.ts';

export interface UnbanInput {
  /** Required; 400/4 when neither the query nor the body says it. */
  target_user_id?: UserId;
  /** The call that the ban is limited to; absent: the ban from the application. */
  channel_cid?: CallCid;
}

/**
 * Lifts a ban with its addresses. For somebody who is not banned, or whose ban has ended by itself, it is the same
 * 200 with no event. Needs what banning needs.
 */
export function unbanUser(acts: Acts, request: ActRequest, input: UnbanInput): Promise<ActReply<object>> {
  const { target_user_id: target, channel_cid: cid } = input;
  return acts.perform(request, async (act) => {
    if (target === undefined) throw inputError('target_user_id', 'is required, in the query or in the body');
    await act.tx.lock(`user:${target}`);
    const banner = await demandBanner(act);
    const [, actor] = await Promise.all([
      requireUser(act.tx, target, { deleted: true }),
      actorField(act, callerUserId(act.caller)),
    ]);
    await demandOutranksTarget(act, banner, target, cid);
    const ban = await findBan(act.tx, target, cid ?? '');
    if (!ban || !isInForce(ban, act.now)) return {};

    await clearTimer(act.tx, BAN_END, ban.id);
    await liftBan(act, ban, { expired: false, ...actor });
    return {};
  });
}
