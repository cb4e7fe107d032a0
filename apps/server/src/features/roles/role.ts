import { BUILT_IN_ROLES, type RoleName } from '@callgate/contract';
import { toTime } from '../../kernel/clock.ts';
import type { RolesTable } from '../../storage/tables.ts';

export type RoleRow = RolesTable;

/** A role as clients see it. */
export const roleResponse = (row: RoleRow) => ({
  name: row.name,
  rank: row.rank,
  built_in: row.built_in === 1,
  created_at: toTime(row.created_at),
  updated_at: toTime(row.updated_at),
});

/** The rows of the roles that ship with the server. */
export const builtInRoles = (now: number): RoleRow[] =>
  Object.entries(BUILT_IN_ROLES).map(([name, { rank }]) => ({
    name: name as RoleName,
    rank,
    built_in: 1,
    created_at: now,
    updated_at: now,
  }));
