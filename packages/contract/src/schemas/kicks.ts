import { type Static, Type } from 'typebox';
import { flag, request, userId } from './fields.ts';

export const KickUserRequest = request(
  'KickUserRequest',
  'Whom to remove from the call; they may join again.',
  {
    user_id: userId('The user; must exist.'),
    block: Type.Optional(flag('Also block the person from the call; needs `block-users`; default false.')),
  },
);
export type KickUserRequest = Static<typeof KickUserRequest>;
