import type { CallCid, RoleName, UserId } from '@callgate/contract';
import type { RawBuilder } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { type Builder, inList, prepared } from '../../storage/prepared.ts';
import { remembered } from '../../storage/remembered.ts';
import type { CallMembersTable } from '../../storage/tables.ts';
import { ONLINE_UNTIL, type UserRow } from '../users/index.ts';

export type MemberRow = CallMembersTable;

/** A member with the user's row, in one read. */
export interface MemberWithUser extends UserRow {
  member_role: RoleName;
  member_custom: string;
  member_created_at: number;
  member_updated_at: number;
}

/** One person in one call, where a statement about both says something of theirs as a column. */
export interface PersonInCall {
  userId: RawBuilder<UserId>;
  cid: RawBuilder<CallCid>;
}

const selectFirst = prepared<{ cid: CallCid; limit: number }, MemberWithUser>((db, p) =>
  db
    .selectFrom('call_members')
    .innerJoin('users', 'users.id', 'call_members.user_id')
    .leftJoin('bans', (join) => join.onRef('bans.target_user_id', '=', 'users.id').on('bans.cid', '=', ''))
    .selectAll('users')
    .select(['bans.shadow as ban_shadow', 'bans.expires_at as ban_expires_at'])
    .select(ONLINE_UNTIL)
    .select(['call_members.role as member_role', 'call_members.custom as member_custom'])
    .select(['call_members.created_at as member_created_at', 'call_members.updated_at as member_updated_at'])
    .where('call_members.cid', '=', p('cid'))
    .orderBy('call_members.created_at')
    .orderBy('call_members.user_id')
    .limit(p('limit')),
);
const selectNamed = prepared<{ cid: CallCid; ids: string }, MemberRow>((db, p, engine) =>
  db
    .selectFrom('call_members')
    .selectAll()
    .where('cid', '=', p('cid'))
    .where(inList(engine, 'user_id', p('ids'))),
);
const upsert = prepared<MemberRow, never>((db, p) =>
  db
    .insertInto('call_members')
    .values({
      cid: p('cid'),
      user_id: p('user_id'),
      role: p('role'),
      custom: p('custom'),
      created_at: p('created_at'),
      updated_at: p('updated_at'),
    })
    .onConflict((conflict) =>
      conflict.columns(['cid', 'user_id']).doUpdateSet((eb) => ({
        role: eb.ref('excluded.role'),
        custom: eb.ref('excluded.custom'),
        updated_at: eb.ref('excluded.updated_at'),
      })),
    ),
);
const remove = prepared<{ cid: CallCid; ids: string }, never>((db, p, engine) =>
  db
    .deleteFrom('call_members')
    .where('cid', '=', p('cid'))
    .where(inList(engine, 'user_id', p('ids'))),
);

/** The role of a member as a column; null for people who are none. */
export const memberRoleOf = (db: Builder, { cid, userId }: PersonInCall) =>
  db.selectFrom('call_members').select('role').where('cid', '=', cid).where('user_id', '=', userId);

/** The first members with their users, longest members first. */
export const firstMembers = remembered<[cid: CallCid, limit: number], readonly MemberWithUser[]>(
  (handle, cid, limit) => selectFirst.all(handle, { cid, limit }),
);

/** The rows of those among the people who are members. */
export async function membersNamed(
  handle: Handle,
  cid: CallCid,
  ids: readonly UserId[],
): Promise<Map<UserId, MemberRow>> {
  if (ids.length === 0) return new Map();
  const rows = await selectNamed.all(handle, { cid, ids: JSON.stringify(ids) });
  return new Map(rows.map((row) => [row.user_id, row]));
}

/** Writes members, new or changed. Hold `call:<cid>`. */
export async function saveMembers(tx: Tx, rows: readonly MemberRow[]): Promise<void> {
  await Promise.all(rows.map((row) => upsert.all(tx, row)));
}

export async function removeMembers(tx: Tx, cid: CallCid, ids: readonly UserId[]): Promise<void> {
  if (ids.length > 0) await remove.all(tx, { cid, ids: JSON.stringify(ids) });
}
