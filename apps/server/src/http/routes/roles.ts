import { createRole, deleteRole, listRoles } from '../../features/roles/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Roles and their ranks. */
export const roleRoutes = (route: Route, { acts }: Services): void => {
  route('listRoles', ({ request }) => listRoles(acts, request));
  route('createRole', ({ request, body }) => createRole(acts, request, body));
  route('deleteRole', ({ request, params }) => deleteRole(acts, request, params));
};
