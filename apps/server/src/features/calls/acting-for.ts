import type { UserId } from '@callgate/contract';
import { notAllowed } from '../../kernel/errors.ts';
import { type Act, requireActor } from '../enforcement/index.ts';
import { callerUserId } from '../policy/index.ts';

/**
 * On whose behalf a server token acts: an existing, active person, for the audit log; null for nobody. With a user
 * token the field must be absent or the token's user, else 403/17.
 */
export async function demandActingFor(
  act: Act,
  named: UserId | undefined,
  field: string,
): Promise<UserId | null> {
  if (named === undefined) return null;
  if (act.caller.kind === 'server') {
    await requireActor(act.tx, act.policy, named);
    return named;
  }
  if (named !== callerUserId(act.caller))
    throw notAllowed(`${field} must be absent or the user of the token`);
  return null;
}
