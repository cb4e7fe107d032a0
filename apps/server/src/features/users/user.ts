import type { RoleName, UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { findUser, type UserRow } from './users.store.ts';

/** The role of everybody who was given no other. */
export const ORDINARY_ROLE = 'user' as RoleName;

/** Ids under these prefixes are made by the server alone. */
const RESERVED_PREFIXES = ['guest-', 'anonymous-'] as const;
/** Whether only the server may make a user of this id. */
export const isReservedId = (id: UserId): boolean =>
  RESERVED_PREFIXES.some((prefix) => id.startsWith(prefix));

/** The user, or 404/16; a deleted one does not exist, unless `deleted: true` asks for tombstones too. */
export async function requireUser(
  handle: Handle,
  id: UserId,
  options: { deleted?: boolean } = {},
): Promise<UserRow> {
  const row = await findUser(handle, id);
  if (!row || (row.deleted_at !== null && !options.deleted)) throw notFound('user', id);
  return row;
}

/** What only some readers of a user see. */
export interface ShownUser {
  /** Whom the user blocks: for the user and for server tokens. */
  blockedUserIds?: readonly UserId[];
  /** The date before which tokens are refused: for server tokens. */
  withRevocation?: boolean;
  /** The reader is the user: they see that they are online although invisible. */
  toThemselves?: boolean;
}

/** A user as events, lists and replies show one at `now`; fields without a value are absent. */
export function userResponse(row: UserRow, now: number, shown: ShownUser = {}) {
  return {
    id: row.id,
    role: row.role,
    language: row.language,
    ...(row.name !== null && { name: row.name }),
    ...(row.image !== null && { image: row.image }),
    custom: JSON.parse(row.custom) as Record<string, unknown>,
    teams: JSON.parse(row.teams) as string[],
    ...banState(row, now),
    online: isOnline(row, now, shown),
    invisible: row.invisible === 1,
    ...(shown.blockedUserIds && { blocked_user_ids: [...shown.blockedUserIds] }),
    created_at: toTime(row.created_at),
    updated_at: toTime(row.updated_at),
    ...lifeTimes(row, shown),
  };
}

/** Banned in the whole application at `now`; an expired ban is none (rule USR9). */
function banState(row: UserRow, now: number) {
  const { ban_shadow, ban_expires_at } = row;
  const inForce = ban_shadow !== null && (ban_expires_at === null || ban_expires_at > now);
  const banned = inForce && ban_shadow === 0;
  return {
    banned,
    shadow_banned: inForce && ban_shadow === 1,
    ...(banned && ban_expires_at !== null && { ban_expires: toTime(ban_expires_at) }),
  };
}

const isOnline = (row: UserRow, now: number, { toThemselves = false }: ShownUser): boolean =>
  row.online_until !== null && row.online_until > now && (row.invisible === 0 || toThemselves);

function lifeTimes(row: UserRow, shown: ShownUser) {
  const { last_active, deactivated_at, deleted_at, revoke_tokens_issued_before: revoked } = row;
  return {
    ...(last_active !== null && { last_active: toTime(last_active) }),
    ...(deactivated_at !== null && { deactivated_at: toTime(deactivated_at) }),
    ...(deleted_at !== null && { deleted_at: toTime(deleted_at) }),
    ...(shown.withRevocation && revoked !== null && { revoke_tokens_issued_before: toTime(revoked) }),
  };
}

/** As `userResponse` answers it. */
export type ShownUserResponse = ReturnType<typeof userResponse>;
