import type { UserId } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import type { UsersTable } from '../../storage/tables.ts';

export type UserRow = UsersTable;

const selectById = prepared<{ id: UserId }, UserRow>((db, p) =>
  db.selectFrom('users').selectAll().where('id', '=', p('id')),
);
const selectByIds = prepared<{ ids: string }, UserRow>((db, p, engine) =>
  db
    .selectFrom('users')
    .selectAll()
    .where('id', 'in', inList<UserId>(engine, p('ids'))),
);

/** The row, deleted (a tombstone) or not. */
export const findUser = (handle: Handle, id: UserId): Promise<UserRow | undefined> =>
  selectById.first(handle, { id });

/** The rows that exist, by id. */
export async function findUsers(handle: Handle, ids: readonly UserId[]): Promise<Map<UserId, UserRow>> {
  if (ids.length === 0) return new Map();
  const rows = await selectByIds.all(handle, { ids: JSON.stringify([...new Set(ids)]) });
  return new Map(rows.map((row) => [row.id, row]));
}
