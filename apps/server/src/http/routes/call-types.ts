import {
  createCallType,
  deleteCallType,
  getCallType,
  listCallTypes,
  updateCallType,
} from '../../features/call-types/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Call types: settings and grants that calls share. */
export const callTypeRoutes = (route: Route, { acts, database }: Services): void => {
  route('listCallTypes', ({ caller }) => listCallTypes(database, caller));
  route('getCallType', ({ caller, params }) => getCallType(database, caller, params));
  route('createCallType', ({ request, body }) => createCallType(acts, request, body));
  route('updateCallType', ({ request, params, body }) =>
    updateCallType(acts, request, { ...body, ...params }),
  );
  route('deleteCallType', ({ request, params }) => deleteCallType(acts, request, params));
};
