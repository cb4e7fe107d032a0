import { cidOf } from '@callgate/contract';
import {
  endCall,
  getCall,
  getOrCreateCall,
  goLive,
  queryCalls,
  stopLive,
  updateCall,
} from '../../features/calls/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Calls: reading, making, changing and ending them. */
export const callRoutes = (route: Route, { acts }: Services): void => {
  route('getCall', ({ request, params, query }) =>
    getCall(acts, request, {
      cid: cidOf(params.type, params.id),
      members_limit: query.members_limit === undefined ? undefined : Number(query.members_limit),
      watch: query.watch === 'true',
    }),
  );
  route('getOrCreateCall', ({ request, params, body }) =>
    getOrCreateCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('updateCall', ({ request, params, body }) =>
    updateCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('queryCalls', ({ request, body }) => queryCalls(acts, request, body ?? {}));
  route('endCall', ({ request, params }) => endCall(acts, request, { cid: cidOf(params.type, params.id) }));
  route('goLive', ({ request, params, body }) =>
    goLive(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('stopLive', ({ request, params }) => stopLive(acts, request, { cid: cidOf(params.type, params.id) }));
};
