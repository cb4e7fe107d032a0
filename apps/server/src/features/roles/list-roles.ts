import { type ActRequest, type Acts, demandServer } from '../enforcement/index.ts';
import { roleResponse } from './role.ts';
import { storedRoles } from './roles.store.ts';

/** Every role, by name. Server tokens only (rules ROL1..). */
export async function listRoles(acts: Acts, request: Pick<ActRequest, 'caller'>) {
  demandServer(request.caller);
  const roles = await acts.database.read(storedRoles);
  return { roles: [...roles.values()].map(roleResponse) };
}
