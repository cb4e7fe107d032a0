import type { CallCid, RoleName, UserId } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { BansTable } from '../../storage/tables.ts';

/** Which rank a user token needs to ban: moderators, admins and custom roles of their rank (api.md 5.5). */
export const BAN_RANK = 300;

export interface BanInput {
  target_user_id: UserId;
  /** Absent with a user token, or its user; with a server token an existing person. */
  banned_by_id?: UserId;
  /** An older name of `banned_by_id`, which wins. */
  user_id?: UserId;
  reason?: string;
  /** Minutes; absent: for good. */
  timeout?: number;
  ip_ban?: boolean;
  ip_ranges?: readonly string[];
  dry_run?: boolean;
  channel_cid?: CallCid;
  shadow?: boolean;
  delete_messages?: string;
}

/** What one ban says; two bans with the same terms are the same ban. */
export type BanTerms = Pick<BansTable, 'reason' | 'expires_at' | 'ip_ban' | 'shadow' | 'delete_messages'>;

const MINUTE_MS = 60_000;

/**
 * The terms that a request asks for. A guest's addresses are banned too unless `ip_ban` says false; a ban from one
 * call and a shadow ban take no addresses. Throws 400/4 naming fields that do not go together.
 */
export function termsOf(input: BanInput, targetRole: RoleName, now: number): BanTerms {
  const isNarrow = input.channel_cid !== undefined || input.shadow === true;
  if (input.ip_ban && input.channel_cid !== undefined)
    throw inputError('ip_ban', 'cannot be combined with channel_cid: addresses are banned everywhere');
  if (input.ip_ban && input.shadow)
    throw inputError('ip_ban', 'cannot be combined with shadow: a shadow ban keeps nobody out');
  const ipBan = input.ip_ban ?? (targetRole === 'guest' && !isNarrow);
  if (input.ip_ranges && !ipBan) throw inputError('ip_ranges', 'needs ip_ban: true');
  return {
    reason: input.reason ?? null,
    expires_at: input.timeout === undefined ? null : now + input.timeout * MINUTE_MS,
    ip_ban: ipBan ? 1 : 0,
    shadow: input.shadow ? 1 : 0,
    delete_messages: input.delete_messages ?? null,
  };
}

/** Whether a ban holds at `now`; nothing need run for it to end. */
export const isInForce = (ban: Pick<BansTable, 'expires_at'>, now: number): boolean =>
  ban.expires_at === null || ban.expires_at > now;

export const isSameTerms = (a: BanTerms, b: BanTerms): boolean =>
  a.reason === b.reason &&
  a.expires_at === b.expires_at &&
  a.ip_ban === b.ip_ban &&
  a.shadow === b.shadow &&
  a.delete_messages === b.delete_messages;
