import type { RoleName } from '@callgate/contract';
import { sql } from 'kysely';
import type { Handle, Tx } from '../../storage/database.ts';
import { prepared } from '../../storage/prepared.ts';
import { bumpVersion, versioned } from '../../storage/versions.ts';
import type { RoleRow } from './role.ts';

const selectRoles = prepared<Record<never, never>, RoleRow>((db) =>
  db.selectFrom('roles').selectAll().orderBy('name'),
);
const insertRole = prepared<RoleRow, { name: RoleName }>((db, p) =>
  db
    .insertInto('roles')
    .values({
      name: p('name'),
      rank: p('rank'),
      built_in: p('built_in'),
      created_at: p('created_at'),
      updated_at: p('updated_at'),
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .returning('name'),
);
const deleteRole = prepared<{ name: RoleName }, never>((db, p) =>
  db.deleteFrom('roles').where('name', '=', p('name')),
);
const selectUser = prepared<{ name: RoleName }, { id: string }>((db, p) =>
  db.selectFrom('users').select('id').where('role', '=', p('name')).limit(1),
);
const selectMember = prepared<{ name: RoleName }, { id: string }>((db, p) =>
  db.selectFrom('call_members').select('cid as id').where('role', '=', p('name')).limit(1),
);
const selectCallType = prepared<{ name: RoleName }, { id: string }>((db, p, engine) =>
  db
    .selectFrom('call_types')
    .select('name as id')
    .where(
      engine === 'sqlite'
        ? sql<boolean>`exists (select 1 from json_each(grants) where key = ${p('name')})`
        : sql<boolean>`exists (select 1 from jsonb_object_keys(grants) as held (role) where held.role = ${p('name')})`,
    )
    .limit(1),
);

/** All roles by name, kept in memory and checked against their version: never stale. */
export const storedRoles: (handle: Handle) => Promise<ReadonlyMap<RoleName, RoleRow>> = versioned(
  'roles',
  async (handle) => new Map((await selectRoles.all(handle, {})).map((row) => [row.name, row])),
);

/** False when a role of this name exists. */
export async function addRole(tx: Tx, row: RoleRow): Promise<boolean> {
  const added = await insertRole.first(tx, row);
  if (added) await bumpVersion(tx, 'roles');
  return added !== undefined;
}

export async function removeRole(tx: Tx, name: RoleName): Promise<void> {
  await deleteRole.all(tx, { name });
  await bumpVersion(tx, 'roles');
}

/** What still uses the role, as a sentence names it; undefined when nothing does. */
export async function userOfRole(handle: Handle, name: RoleName): Promise<string | undefined> {
  const [user, member, callType] = await Promise.all([
    selectUser.first(handle, { name }),
    selectMember.first(handle, { name }),
    selectCallType.first(handle, { name }),
  ]);
  if (user) return `user "${user.id}"`;
  if (member) return `a member of call "${member.id}"`;
  return callType && `the grants of call type "${callType.id}"`;
}
