import { type CreateRoleRequest, canonicalRole, LIMITS } from '@callgate/contract';
import { inputError } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { type RoleRow, roleResponse } from './role.ts';
import { addRole, storedRoles } from './roles.store.ts';

/**
 * Creates a role; `rank` defaults to 0. Server tokens only. The same role again is the same answer without an
 * audit record; the name with another rank, and more than 200 roles, are 400/4.
 */
export function createRole(
  acts: Acts,
  request: ActRequest,
  input: CreateRoleRequest,
): Promise<ActReply<{ role: ReturnType<typeof roleResponse> }>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const name = canonicalRole(input.name);
    const rank = input.rank ?? 0;
    await act.tx.lock('roles');
    const roles = await storedRoles(act.tx);
    act.created();
    const existing = roles.get(name);
    if (existing) {
      if (existing.rank !== rank || existing.built_in) throw inputError('name', `role "${name}" exists`);
      return { role: roleResponse(existing) };
    }
    if (roles.size >= LIMITS.roles) throw inputError('name', `there are ${LIMITS.roles} roles; delete one`);

    const row: RoleRow = { name, rank, built_in: 0, created_at: act.now, updated_at: act.now };
    await addRole(act.tx, row);
    act.audit({ action: 'role.create', target: { type: 'role', id: name }, after: { rank } });
    act.event({ type: 'role.created', audience: {}, payload: { role: roleResponse(row) } });
    return { role: roleResponse(row) };
  });
}
