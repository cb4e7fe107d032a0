import { cidOf } from '@callgate/contract';
import { blockUser, unblockUser } from '../../features/call-blocks/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Blocking people from a call. */
export const callBlockRoutes = (route: Route, { acts }: Services): void => {
  route('blockUser', ({ request, params, body }) =>
    blockUser(acts, request, { cid: cidOf(params.type, params.id), user_id: body.user_id }),
  );
  route('unblockUser', ({ request, params, body }) =>
    unblockUser(acts, request, { cid: cidOf(params.type, params.id), user_id: body.user_id }),
  );
};
