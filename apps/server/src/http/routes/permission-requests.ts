import { cidOf } from '@callgate/contract';
import {
  denyRequest,
  listRequests,
  requestPermission,
  withdrawRequest,
} from '../../features/permission-requests/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Asking for permissions in a call, and the answers. */
export const permissionRequestRoutes = (route: Route, { acts }: Services): void => {
  route('requestPermission', ({ request, params, body }) =>
    requestPermission(acts, request, { cid: cidOf(params.type, params.id), ...body }),
  );
  route('listPermissionRequests', ({ request, params, query }) => {
    const { state, user_id, limit, next, prev } = query;
    return listRequests(acts, request, {
      cid: cidOf(params.type, params.id),
      ...(state !== undefined && { state }),
      ...(user_id !== undefined && { user_id }),
      ...(limit !== undefined && { limit: Number(limit) }),
      ...(next !== undefined && { next }),
      ...(prev !== undefined && { prev }),
    });
  });
  route('denyPermissionRequest', ({ request, params, body }) =>
    denyRequest(acts, request, {
      cid: cidOf(params.type, params.id),
      request_id: params.request_id,
      ...body,
    }),
  );
  route('withdrawPermissionRequest', ({ request, params }) =>
    withdrawRequest(acts, request, { cid: cidOf(params.type, params.id), request_id: params.request_id }),
  );
};
