import { cidOf } from '@callgate/contract';
import { createEphemeralBudget, sendCallEvent, sendReaction } from '../../features/watching/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Events that pass: told to those who watch, and never again. */
export const callEventRoutes = (route: Route, { acts, sockets }: Services): void => {
  const deps = { acts, sockets, budget: createEphemeralBudget() };
  route('sendCallEvent', ({ request, params, body }) =>
    sendCallEvent(deps, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('sendReaction', ({ request, params, body }) =>
    sendReaction(deps, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
};
