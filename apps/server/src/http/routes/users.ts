import { QueryUsersRequest, type UserId } from '@callgate/contract';
import type { TaskItems } from '../../features/tasks/index.ts';
import {
  deactivateUser,
  deactivateUsers,
  deleteUsers,
  exportUsers,
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
export const userRoutes = (route: Route, services: Services): void => {
  const { acts } = services;
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
  bulkRoutes(route, services);
};

/** Work on many users, which may go on in the background. */
function bulkRoutes(route: Route, { acts, tasks }: Services): void {
  /** Without being woken the worker would find a new task within a second. */
  const begun = async <T>(work: Promise<T>): Promise<T> => {
    const reply = await work;
    tasks.wake();
    return reply;
  };
  const asked = <B extends { user_ids: UserId[] }>({ body, items }: { body: B; items?: TaskItems }) => ({
    ...body,
    user_ids: items ?? body.user_ids,
  });
  route('deactivateUsers', (input) => begun(deactivateUsers(acts, input.request, asked(input))));
  route('reactivateUsers', (input) => begun(reactivateUsers(acts, input.request, asked(input))));
  route('deleteUsers', (input) => begun(deleteUsers(acts, input.request, asked(input))));
  route('restoreUsers', (input) => begun(restoreUsers(acts, input.request, asked(input))));
  route('exportUsers', (input) => begun(exportUsers(acts, input.request, asked(input))));
}
