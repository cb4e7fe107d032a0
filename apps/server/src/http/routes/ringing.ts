import { cidOf } from '@callgate/contract';
import { acceptCall, rejectCall, ringCall } from '../../features/ringing/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Ringing members of a call, and what they answer. */
export const ringingRoutes = (route: Route, { acts }: Services): void => {
  route('ringCall', ({ request, params, body }) =>
    ringCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('acceptCall', ({ request, params, body }) =>
    acceptCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('rejectCall', ({ request, params, body }) =>
    rejectCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
};
