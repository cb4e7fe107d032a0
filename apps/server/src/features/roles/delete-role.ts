import { canonicalRole } from '@callgate/contract';
import { inputError, notFound } from '../../kernel/errors.ts';
import { type ActReply, type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { roleResponse } from './role.ts';
import { removeRole, storedRoles, userOfRole } from './roles.store.ts';

/**
 * Deletes a role that nobody has: no user, member or call type. Server tokens only. 404/16 for an unknown one,
 * 400/4 for one that is built in or in use.
 */
export function deleteRole(
  acts: Acts,
  request: ActRequest,
  input: { name: string },
): Promise<ActReply<object>> {
  return acts.perform(request, async (act) => {
    demandServer(act.caller);
    const name = canonicalRole(input.name);
    await act.tx.lock('roles');
    const role = (await storedRoles(act.tx)).get(name);
    if (!role) throw notFound('role', name);
    if (role.built_in) throw inputError('name', `role "${name}" is built in`);
    const used = await userOfRole(act.tx, name);
    if (used) throw inputError('name', `role "${name}" is in use by ${used}; change that first`);

    await removeRole(act.tx, name);
    act.audit({ action: 'role.delete', target: { type: 'role', id: name }, before: { rank: role.rank } });
    act.event({ type: 'role.deleted', audience: {}, payload: { role: roleResponse(role) } });
    return {};
  });
}
