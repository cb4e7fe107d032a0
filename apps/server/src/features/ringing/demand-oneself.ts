import type { UserId } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import { type Act, requireActor } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';

/** 403/17 when a user token names another user. */
export function demandOneself({ caller }: Act, named: UserId | undefined): void {
  if (caller.kind === 'server' || named === undefined || named === callerUserId(caller)) return;
  throw notAllowed('user_id must be absent or the user of the token');
}

/** Who answers a ring: the user of the token, or the active person whom a server token names. */
export async function answererOf(act: Act, named: UserId | undefined): Promise<UserId> {
  demandOneself(act, named);
  const own = callerUserId(act.caller);
  if (own !== undefined) return own;
  if (act.caller.kind !== 'server') throw notAllowed('anonymous users are not rung');
  if (named === undefined) throw inputError('user_id', 'is required with a server token: who answers');
  await requireActor(act.tx, act.policy, named);
  return named;
}
