import { type Static, Type } from 'typebox';
import type { SessionId } from '../ids.ts';
import { flag, madeId, request, userId } from './fields.ts';

export const KickUserRequest = request(
  'KickUserRequest',
  'Whom to remove from the call; they may join again.',
  {
    user_id: userId('The user; must exist.'),
    block: Type.Optional(flag('Also block the person from the call; needs `block-users`; default false.')),
  },
);
export type KickUserRequest = Static<typeof KickUserRequest>;

export const KickServiceRequest = request(
  'KickServiceRequest',
  'The service participant to remove from the call.',
  {
    session_id: madeId<SessionId>('Its session, as `call.session.service_participants` lists it.'),
  },
);
export type KickServiceRequest = Static<typeof KickServiceRequest>;
