import { QueryUsersRequest } from '@callgate/contract';
import {
  deactivateUser,
  deactivateUsers,
  deleteUsers,
  queryUsers,
  reactivateUser,
  reactivateUsers,
  restoreUsers,
  updateUsersPartial,
  upsertUsers,
} from '../../features/users/index.ts';
import type { Services } from '../../services.ts';
import { payloadReader } from '../query-payload.ts';
import type { Route } from '../route.ts';

const readPayload = payloadReader(QueryUsersRequest);

/** Users: what they are, and whether they may do anything. */
export const userRoutes = (route: Route, { acts }: Services): void => {
  route('upsertUsers', ({ request, body }) => upsertUsers(acts, request, body));
  route('updateUsersPartial', ({ request, body }) => updateUsersPartial(acts, request, body));
  route('queryUsers', ({ request, body }) => queryUsers(acts, request, body));
  route('queryUsersByGet', ({ request, query }) => queryUsers(acts, request, readPayload(query.payload)));
  route('deactivateUser', ({ request, params, body }) =>
    deactivateUser(acts, request, { ...body, user_id: params.user_id }),
  );
  route('reactivateUser', ({ request, params, body }) =>
    reactivateUser(acts, request, { ...body, user_id: params.user_id }),
  );
  route('deactivateUsers', ({ request, body }) => deactivateUsers(acts, request, body));
  route('reactivateUsers', ({ request, body }) => reactivateUsers(acts, request, body));
  route('deleteUsers', ({ request, body }) => deleteUsers(acts, request, body));
  route('restoreUsers', ({ request, body }) => restoreUsers(acts, request, body));
};
