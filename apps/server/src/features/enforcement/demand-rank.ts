import type { CallCid, UserId } from '@callgate/contract';
import { demandOutranks, type LoadedPolicy } from '../policy/index.ts';
import { type Act, actorOf } from './act.ts';

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
  const asked = { userId: target.user_id, token: null, address: null };
  const { rank } = await act.policy.inCall(act.tx, asked, target.cid);
  demandOutranks(actorOf(act.caller, mine), { id: target.user_id, rank }, field);
}
