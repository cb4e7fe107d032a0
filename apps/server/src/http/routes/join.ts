import { cidOf } from '@callgate/contract';
import { joinCall, leaveCall } from '../../features/calls/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';
import { watchAfterAct } from '../watching.ts';

/** Coming into a call and leaving it. */
export const joinRoutes = (route: Route, services: Services): void => {
  const { acts } = services;
  const { publicUrl } = services.config;
  const ownDoor = publicUrl?.replace(/^http/, 'ws').replace(/\/$/, '');
  route('joinCall', ({ request, params, body, query, door }) => {
    const cid = cidOf(params.type, params.id);
    const join = () => joinCall(services, request, { ...body, cid, door: ownDoor ?? door });
    if (!body.watch) return join();
    const watcher = { request, connectionId: query.connection_id };
    return watchAfterAct(services, watcher, { cid, members_limit: body.members_limit }, join);
  });
  route('leaveCall', ({ request, params, body }) =>
    leaveCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
};
