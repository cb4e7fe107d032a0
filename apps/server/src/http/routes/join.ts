import { cidOf } from '@callgate/contract';
import { joinCall, leaveCall } from '../../features/calls/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Coming into a call and leaving it. */
export const joinRoutes = (route: Route, { acts }: Services): void => {
  route('joinCall', ({ request, params, body }) =>
    joinCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('leaveCall', ({ request, params, body }) =>
    leaveCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
};
