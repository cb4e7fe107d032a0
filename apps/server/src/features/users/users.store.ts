import type { UserId } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { inList, prepared } from '../../storage/prepared.ts';
import { remembered } from '../../storage/remembered.ts';
import { rowWriter } from '../../storage/row-writer.ts';
import type { BansTable, UsersTable } from '../../storage/tables.ts';
import type { UserFacts } from '../policy/index.ts';

/**
 * A user with the ban of the whole application and the person's open sockets, which every reply about a user shows.
 * Read here, although the tables belong to `bans` and `watching`, because a second statement per list would cost every
 * `GET` of a call.
 */
export interface UserRow extends UsersTable {
  /** Null: no ban is stored. */
  ban_shadow: BansTable['shadow'] | null;
  ban_expires_at: number | null;
  /**
   * Until when the processes that hold the person's open sockets are known to live, milliseconds; null: no socket is
   * open. Not the answer itself, because rows are remembered and time passes.
   */
  online_until: number | null;
}

/** `online_until` of a statement over `users`. */
export const ONLINE_UNTIL = sql<number | null>`(
  select max(leases.expires_at) from connections join leases on leases.name = connections.node
  where connections.user_id = users.id and connections.closed_at is null)`.as('online_until');

const selectById = prepared<{ id: UserId }, UserRow>((db, p) =>
  db
    .selectFrom('users')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .where('users.id', '=', p('id')),
);
const selectByIds = prepared<{ ids: string }, UserRow>((db, p, engine) =>
  db
    .selectFrom('users')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .where(inList(engine, 'users.id', p('ids'))),
);
/** What policy reads of a user's row. */
export const FACT_COLUMNS = [
  'users.role',
  'users.teams',
  'users.deactivated_at',
  'users.deleted_at',
  'users.guest_expires_at',
  'users.revoke_tokens_issued_before',
] as const;
export type FactRow = Pick<
  UsersTable,
  'role' | 'teams' | 'deactivated_at' | 'deleted_at' | 'guest_expires_at' | 'revoke_tokens_issued_before'
>;
const selectFacts = prepared<{ id: UserId }, FactRow>((db, p) =>
  db.selectFrom('users').select(FACT_COLUMNS).where('id', '=', p('id')),
);
const writeUsers = rowWriter<UsersTable>({
  table: 'users',
  columns: {
    id: 'text',
    role: 'text',
    name: 'text',
    image: 'text',
    custom: 'json',
    teams: 'json',
    language: 'text',
    invisible: 'smallint',
    created_at: 'bigint',
    updated_at: 'bigint',
    last_active: 'bigint',
    deactivated_at: 'bigint',
    deactivated_by_id: 'text',
    deleted_at: 'bigint',
    deletion: 'text',
    revoke_tokens_issued_before: 'bigint',
    guest_expires_at: 'bigint',
  },
  conflict: {
    key: 'id',
    update: [
      ...(['role', 'name', 'image', 'custom', 'teams', 'language', 'invisible'] as const),
      ...([
        'created_at',
        'updated_at',
        'deactivated_at',
        'deactivated_by_id',
        'deleted_at',
        'deletion',
      ] as const),
      ...(['revoke_tokens_issued_before', 'guest_expires_at'] as const),
    ],
  },
});
const selectBlockedIds = prepared<{ ids: string }, { user_id: UserId; blocked_user_id: UserId }>(
  (db, p, engine) =>
    db
      .selectFrom('user_blocks')
      .select(['user_id', 'blocked_user_id'])
      .where(inList(engine, 'user_id', p('ids')))
      .orderBy('created_at')
      .orderBy('blocked_user_id'),
);

/** The row, deleted (a tombstone) or not. */
export const findUser = remembered<[id: UserId], UserRow | undefined>((handle, id) =>
  selectById.first(handle, { id }),
);

/** The rows that exist, tombstones among them, by id. */
export async function findUsers(handle: Handle, ids: readonly UserId[]): Promise<Map<UserId, UserRow>> {
  if (ids.length === 0) return new Map();
  const rows = await selectByIds.all(handle, { ids: JSON.stringify([...new Set(ids)]) });
  return new Map(rows.map((row) => [row.id, row]));
}

/** The source `user` of policy: one point read. */
export const userFacts = remembered<[id: UserId], UserFacts | undefined>(async (handle, id) => {
  const row = await selectFacts.first(handle, { id });
  return row && factsOfRow(id, row);
});
const NO_TEAMS: readonly string[] = [];

/** A row of `FACT_COLUMNS` in the words of policy. */
export const factsOfRow = (id: UserId, row: FactRow): UserFacts => ({
  id,
  role: row.role,
  teams: row.teams === '[]' ? NO_TEAMS : (JSON.parse(row.teams) as string[]),
  deactivated: row.deactivated_at !== null,
  deleted: row.deleted_at !== null,
  expiresAt: row.guest_expires_at,
  tokensRevokedBefore: row.revoke_tokens_issued_before,
});

/** Writes rows, new or changed. Hold `user:<id>` of each. `last_active` of an existing row stays. */
export const saveUsers: (tx: Tx, rows: readonly UsersTable[]) => Promise<void> = writeUsers;

/** Whom each of these users blocks, first blocked first. */
export async function blockedIdsOf(
  handle: Handle,
  ids: readonly UserId[],
): Promise<ReadonlyMap<UserId, UserId[]>> {
  const blocked = new Map<UserId, UserId[]>(ids.map((id) => [id, []]));
  if (ids.length === 0) return blocked;
  const rows = await selectBlockedIds.all(handle, { ids: JSON.stringify(ids) });
  for (const row of rows) blocked.get(row.user_id)?.push(row.blocked_user_id);
  return blocked;
}
