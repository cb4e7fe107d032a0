import { cidOf } from '@callgate/contract';
import { updateUserPermissions } from '../../features/call-grants/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Granting and revoking permissions in a call. */
export const callGrantRoutes = (route: Route, { acts }: Services): void => {
  route('updateUserPermissions', ({ request, params, body }) =>
    updateUserPermissions(acts, request, { cid: cidOf(params.type, params.id), ...body }),
  );
};
