import type { RoleName } from '@callgate/contract';
import type { Handle } from '../../storage/database.ts';
import type { RoleRow } from './role.ts';
import { storedRoles } from './roles.store.ts';

const ranks = new WeakMap<ReadonlyMap<RoleName, RoleRow>, ReadonlyMap<RoleName, number>>();

/** The source `rankOf` of policy: the rank of every role that exists. */
export async function roleRanks(handle: Handle): Promise<ReadonlyMap<RoleName, number>> {
  const roles = await storedRoles(handle);
  let known = ranks.get(roles);
  if (!known) {
    known = new Map([...roles.values()].map((row) => [row.name, row.rank]));
    ranks.set(roles, known);
  }
  return known;
}
