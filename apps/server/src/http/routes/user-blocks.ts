import { blockUsers, getBlockedUsers, unblockUsers } from '../../features/user-blocks/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** One user blocking another. */
export const userBlockRoutes = (route: Route, { acts }: Services): void => {
  route('blockUsers', ({ request, body }) => blockUsers(acts, request, body));
  route('unblockUsers', ({ request, body }) => unblockUsers(acts, request, body));
  route('getBlockedUsers', ({ request, query }) => {
    const { user_id, limit, next, prev } = query;
    return getBlockedUsers(acts, request, {
      ...(user_id !== undefined && { user_id }),
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(next !== undefined && { next }),
      ...(prev !== undefined && { prev }),
    });
  });
};
