import type { Static } from 'typebox';
import { request, userId } from './fields.ts';

export const BlockUserRequest = request('BlockUserRequest', 'Whom to remove from the call and keep out.', {
  user_id: userId('The user; must exist.'),
});
export type BlockUserRequest = Static<typeof BlockUserRequest>;

export const UnblockUserRequest = request('UnblockUserRequest', 'Whom to let in again.', {
  user_id: userId('The user; must exist. Not blocked: nothing happens, 200.'),
});
export type UnblockUserRequest = Static<typeof UnblockUserRequest>;
