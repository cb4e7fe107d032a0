import { cidOf } from '@callgate/contract';
import { muteUsers } from '../../features/mutes/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Muting people in a call. */
export const muteRoutes = (route: Route, { acts }: Services): void => {
  route('muteUsers', ({ request, params, body }) =>
    muteUsers(acts, request, { cid: cidOf(params.type, params.id), ...body }),
  );
};
