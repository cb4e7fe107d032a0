import type { Tx } from '../../storage/database.ts';
import { builtInRoles } from './role.ts';
import { addRole, storedRoles } from './roles.store.ts';

/** Adds the built-in roles that are missing; on later starts none are. */
export async function seedRoles(tx: Tx, now: number): Promise<void> {
  await tx.lock('roles');
  const known = await storedRoles(tx);
  for (const row of builtInRoles(now)) if (!known.has(row.name)) await addRole(tx, row);
}
