import type { CallCid, UserId } from '@callgate/contract';
import type { Act } from '../enforcement/index.ts';
import { blockersOf } from '../user-blocks/index.ts';

/**
 * Those of the people whom a ring or notification of the caller reaches: not who blocks the caller, and not who may not
 * read the call, as the deactivated and those who are blocked from it. The banned are reached (api.md 12).
 */
export async function reachedBy(
  act: Act,
  { cid, caller }: { cid: CallCid; caller: UserId },
  ids: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const blockers = await blockersOf(act.tx, caller);
  const asked = ids.filter((id) => !blockers.has(id));
  const policies = await Promise.all(
    asked.map((userId) => act.policy.inCall(act.tx, { userId, token: null, address: null }, cid)),
  );
  return new Set(asked.filter((_, at) => policies[at]?.readRefusal === null));
}
