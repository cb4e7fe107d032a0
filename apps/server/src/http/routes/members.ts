import { cidOf } from '@callgate/contract';
import { queryMembers, updateMembers } from '../../features/members/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** The members of calls. */
export const memberRoutes = (route: Route, { acts }: Services): void => {
  route('updateCallMembers', ({ request, params, body }) =>
    updateMembers(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('queryMembers', ({ request, body }) => queryMembers(acts, request, body));
};
