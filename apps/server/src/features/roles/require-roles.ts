import { BUILT_IN_ROLES, type RoleName } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import type { Tx } from '../../storage/database.ts';
import { roleRanks } from './role-ranks.ts';

/**
 * 400/4 naming the field of the first role that does not exist. Holds `roles` when a custom one is named, so
 * that it cannot be deleted before the commit; call it with the act's other locks.
 */
export async function requireRoles(
  tx: Tx,
  wanted: readonly { field: string; role: RoleName }[],
): Promise<void> {
  if (wanted.some(({ role }) => !Object.hasOwn(BUILT_IN_ROLES, role))) await tx.lock('roles');
  const ranks = await roleRanks(tx);
  for (const { field, role } of wanted) {
    if (!ranks.has(role)) throw inputError(field, `role "${role}" does not exist; create it first`);
  }
}
