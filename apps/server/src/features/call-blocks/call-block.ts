import type { UserId } from '@callgate/contract';
import { inputError, notAllowed } from '../../kernel/errors.ts';
import type { CallRow } from '../calls/index.ts';
import type { Caller } from '../policy/index.ts';

/** Whether the person may be blocked here at all: never oneself (400/4); the creator by server or admin (403/17). */
export function checkBlockable(
  caller: Caller,
  callerRole: string | undefined,
  call: CallRow,
  target: UserId,
): void {
  if (caller.kind === 'user' && caller.userId === target)
    throw inputError('user_id', 'must be somebody else');
  if (caller.kind === 'user' && call.created_by_id === target && callerRole !== 'admin') {
    throw notAllowed('the creator of a call is blocked by a server token or an admin only');
  }
}
