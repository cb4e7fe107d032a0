import { QueryBansRequest } from '@callgate/contract';
import { banUser, queryBans, unbanUser } from '../../features/bans/index.ts';
import type { Services } from '../../services.ts';
import { payloadReader } from '../query-payload.ts';
import type { Route } from '../route.ts';

const readPayload = payloadReader(QueryBansRequest);

/** Banning people from the application or from one call. */
export const banRoutes = (route: Route, { acts, addressBans }: Services): void => {
  route('banUser', ({ request, body }) => banUser(acts, addressBans, request, body));
  route('unbanUser', ({ request, query, body }) => {
    // The query wins, field by field (api.md 11 #2).
    const { target_user_id, channel_cid } = { ...body, ...query };
    return unbanUser(acts, request, {
      ...(target_user_id !== undefined && { target_user_id }),
      ...(channel_cid !== undefined && { channel_cid }),
    });
  });
  route('queryBans', ({ request, body }) => queryBans(acts, request, body));
  route('queryBansByGet', ({ request, query }) => queryBans(acts, request, readPayload(query.payload)));
};
