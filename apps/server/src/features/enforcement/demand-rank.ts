import type { CallCid, UserId } from '@callgate/contract';
import { selectSessions } from '../media/index.ts';
import { demandOutranks, highestRank, type LoadedPolicy } from '../policy/index.ts';
import type { Act } from './act.ts';
import { actorOf } from './actor.ts';

/**
 * A person's rank in a call as it protects them from others: the highest among the roles that they have there and
 * those that the tokens of their sessions there claim. 404/16 without the call or the person.
 */
export async function rankOfTarget(
  { tx, policy }: Pick<Act, 'tx' | 'policy'>,
  cid: CallCid,
  userId: UserId,
): Promise<number> {
  const [own, sessions, rankOf] = await Promise.all([
    policy.inCall(tx, { userId, token: null, address: null }, cid),
    selectSessions(tx, [{ userId, cid }]),
    policy.sources.rankOf(tx),
  ]);
  const claimed = sessions.flatMap(({ role_claim }) => role_claim ?? []);
  return Math.max(own.rank, highestRank(claimed, rankOf));
}

/**
 * Rank within a call (api.md 0.3): a user token acts on people of lower rank only (403/17) and never on oneself
 * (400/4, naming `field`). Server tokens are exempt, so nothing is read for them.
 */
export async function demandOutranksInCall(
  act: Act,
  mine: LoadedPolicy | undefined,
  target: { cid: CallCid; user_id: UserId },
  field = 'user_id',
): Promise<void> {
  if (!mine) return;
  const rank = await rankOfTarget(act, target.cid, target.user_id);
  demandOutranks(actorOf(act.caller, mine), { id: target.user_id, rank }, field);
}
