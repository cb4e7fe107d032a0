import type { ApiError } from '../../kernel/errors.ts';
import { notAllowed } from '../../kernel/errors.ts';
import type { RefusalReason } from './refusal-reason.ts';

/** What a refused person is told, and what may help. */
const TEXT: Record<RefusalReason, string> = {
  deleted: 'user is deleted',
  deactivated: 'user is deactivated',
  expired: 'guest access has run out; ask for a new guest token',
  token_revoked: 'token was revoked; make a new one',
  guests_off: 'guests are switched off in the app settings',
  anonymous_off: 'anonymous users are switched off in the app settings',
  not_on_token: 'this call is not in `call_cids` of the token',
  team: 'call belongs to another team',
  blocked: 'user is blocked on this call',
  banned: 'user is banned',
  banned_here: 'user is banned on this call',
  address_banned: 'this address is banned',
  no_capability: 'none of the user’s roles has the capability',
  ended: 'call has ended',
  backstage: 'call is in backstage',
  kicked: 'user was removed from the call; join again',
  full: 'call is full (`limits.max_participants`)',
};

/** 403/17 with the reason as text and, machine-readable, in `details`. */
export function refusal(reason: RefusalReason): ApiError {
  const error = notAllowed(TEXT[reason]);
  error.details.push({ reason });
  return error;
}

/** Whether policy gave this reason why a session ended; its person may have left it instead, say. */
export const isRefusalReason = (reason: string): reason is RefusalReason => Object.hasOwn(TEXT, reason);
