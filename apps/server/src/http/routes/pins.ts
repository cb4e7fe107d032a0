import { cidOf, type SessionId } from '@callgate/contract';
import { pinParticipant, unpinParticipant } from '../../features/calls/index.ts';
import type { Services } from '../../services.ts';
import type { Route } from '../route.ts';

/** Pinning participants for everyone. */
export const pinRoutes = (route: Route, { acts }: Services): void => {
  route('pin', ({ request, params, body }) => pinParticipant(acts, request, pinInput(params, body)));
  route('unpin', ({ request, params, body }) => unpinParticipant(acts, request, pinInput(params, body)));
};

const pinInput = (
  params: { type: string; id: string },
  body: { user_id: Parameters<typeof pinParticipant>[2]['user_id']; session_id: string },
) => ({
  cid: cidOf(params.type, params.id),
  user_id: body.user_id,
  session_id: body.session_id as SessionId,
});
