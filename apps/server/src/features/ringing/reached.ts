import type { CallCid, UserId } from '@callgate/contract';
import type { Act } from '../enforcement/index.ts';
import { blockersOf } from '../user-blocks/index.ts';
import { findUsers } from '../users/index.ts';

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
  return readersOf(
    act,
    cid,
    ids.filter((id) => !blockers.has(id)),
  );
}

/** Those of the people who are there still and may read the call. */
export async function readersOf(
  act: Act,
  cid: CallCid,
  ids: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const known = await findUsers(act.tx, ids);
  const there = ids.filter((id) => known.has(id));
  const policies = await Promise.all(
    there.map((userId) => act.policy.inCall(act.tx, { userId, token: null, address: null }, cid)),
  );
  return new Set(there.filter((_, at) => policies[at]?.readRefusal === null));
}
