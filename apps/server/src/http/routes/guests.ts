import { createGuest } from '../../features/users/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** People without an account. */
export const guestRoutes = (route: Route, { acts, userTokens }: Services): void => {
  route('createGuest', ({ request, body }) => createGuest(acts, request, body, userTokens));
};
