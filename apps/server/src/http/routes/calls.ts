import { type CallCid, cidOf } from '@callgate/contract';
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
import { watchAfter, watchAfterAct } from '../watching.ts';

/** Calls: reading, making, changing and ending them. */
export const callRoutes = (route: Route, services: Services): void => {
  const { acts } = services;
  route('getCall', ({ request, params, query }) => {
    const cid = cidOf(params.type, params.id);
    const members_limit = query.members_limit === undefined ? undefined : Number(query.members_limit);
    const read = () => getCall(acts, request, { cid, members_limit });
    if (query.watch !== 'true') return read();
    return watchAfter(
      services,
      { request, connectionId: query.connection_id },
      {
        first: read,
        cids: () => [cid],
        again: read,
      },
    );
  });
  route('getOrCreateCall', ({ request, params, body, query }) => {
    const cid = cidOf(params.type, params.id);
    const act = () => getOrCreateCall(services, request, { ...body, cid });
    if (!body.watch) return act();
    const watcher = { request, connectionId: query.connection_id };
    return watchAfterAct(services, watcher, { cid, members_limit: body.members_limit }, act);
  });
  route('updateCall', ({ request, params, body }) =>
    updateCall(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('queryCalls', ({ request, body = {}, query }) => {
    const read = () => queryCalls(acts, request, body);
    if (!body.watch) return read();
    const cids = ({ calls }: Awaited<ReturnType<typeof read>>): CallCid[] =>
      calls.map(({ call }) => call.cid);
    return watchAfter(
      services,
      { request, connectionId: query.connection_id },
      { first: read, cids, again: read },
    );
  });
  route('endCall', ({ request, params }) => endCall(acts, request, { cid: cidOf(params.type, params.id) }));
  route('goLive', ({ request, params, body }) =>
    goLive(acts, request, { ...body, cid: cidOf(params.type, params.id) }),
  );
  route('stopLive', ({ request, params }) => stopLive(acts, request, { cid: cidOf(params.type, params.id) }));
};
