import type { RoleName } from '@callgate/contract';
import { remembered } from '../../storage/remembered.ts';
import type { RoleRow } from './role.ts';
import { storedRoles } from './roles.store.ts';

const ranks = new WeakMap<ReadonlyMap<RoleName, RoleRow>, ReadonlyMap<RoleName, number>>();

/** The source `rankOf` of policy: the rank of every role that exists. */
export const roleRanks = remembered<[], ReadonlyMap<RoleName, number>>(async (handle) => {
  const roles = await storedRoles(handle);
  let known = ranks.get(roles);
  if (!known) {
    known = new Map([...roles.values()].map((row) => [row.name, row.rank]));
    ranks.set(roles, known);
  }
  return known;
});
