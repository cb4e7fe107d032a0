import { cidOf } from '@callgate/contract';
import { kickService, kickUser } from '../../features/kicks/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Removing people from a call. */
export const kickRoutes = (route: Route, { acts }: Services): void => {
  route('kickUser', ({ request, params, body }) =>
    kickUser(acts, request, { cid: cidOf(params.type, params.id), ...body }),
  );
  route('kickService', ({ request, params, body }) =>
    kickService(acts, request, { cid: cidOf(params.type, params.id), ...body }),
  );
};
