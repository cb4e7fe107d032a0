import type { UserId } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import { notFound } from '../../kernel/errors.ts';
import type { Handle } from '../../storage/database.ts';
import { findUser, type UserRow } from './users.store.ts';

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

/** A user as events and lists show one to others. */
export function userResponse(row: UserRow) {
  return {
    id: row.id,
    role: row.role,
    language: row.language,
    ...(row.name !== null && { name: row.name }),
    ...(row.image !== null && { image: row.image }),
    custom: JSON.parse(row.custom) as Record<string, unknown>,
    teams: JSON.parse(row.teams) as string[],
    created_at: toTime(row.created_at),
    updated_at: toTime(row.updated_at),
  };
}
