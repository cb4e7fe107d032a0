import { cidOf } from '@callgate/contract';
import { getCall, joinCall, leaveCall } from '../../features/calls/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';
import { watchAfter } from '../watching.ts';

/** Coming into a call and leaving it. */
export const joinRoutes = (route: Route, services: Services): void => {
  const { acts } = services;
  route('joinCall', ({ request, params, body, query }) => {
    const cid = cidOf(params.type, params.id);
    const join = () => joinCall(acts, request, { ...body, cid });
    if (!body.watch) return join();
    const again = async (reply: Awaited<ReturnType<typeof join>>) => {
      const state = await getCall(acts, request, { cid, members_limit: body.members_limit });
      return { ...reply, body: { ...reply.body, ...state } };
    };
    return watchAfter(services, request, query.connection_id, { first: join, cids: () => [cid], again });
  });
  route('leaveCall', ({ request, params, body }) =>
    leaveCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
};
