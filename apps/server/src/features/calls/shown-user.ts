import type { RoleName, UserId } from '@callgate/contract';
import { type UserRow, userResponse } from '../users/index.ts';

/**
 * A user as calls show one. Of a deleted or vanished user only the id is told, with empty values where the schema
 * wants some.
 */
export function shownUser(
  row: UserRow | undefined,
  id: UserId,
  now: number,
): ReturnType<typeof userResponse> {
  if (row && row.deleted_at === null) return userResponse(row, now);
  const nothing = { custom: '{}', teams: '[]', name: null, image: null, language: '', invisible: 0 } as const;
  const times = { created_at: 0, updated_at: 0, last_active: null, deactivated_at: null, deleted_at: null };
  const rest = {
    deactivated_by_id: null,
    deletion: null,
    revoke_tokens_issued_before: null,
    guest_expires_at: null,
  };
  const joined = { ban_shadow: null, ban_expires_at: null, online_until: null };
  const kept = row && { created_at: row.created_at, updated_at: row.updated_at, deleted_at: row.deleted_at };
  return userResponse(
    { id, role: 'user' as RoleName, ...nothing, ...times, ...rest, ...joined, ...kept },
    now,
  );
}
