import { type Static, Type } from 'typebox';
import { actFields } from './enforcement.ts';
import {
  cursor,
  duration,
  pageLinks,
  query,
  queryNumber,
  request,
  response,
  time,
  userId,
} from './fields.ts';
import { UserResponse } from './users.ts';

const pair = {
  blocked_user_id: userId('Whom to block or unblock; must exist.'),
  user_id: Type.Optional(
    userId('Who blocks: required with a server token; with a user token absent or the token’s user.'),
  ),
} as const;

export const BlockUsersRequest = request(
  'BlockUsersRequest',
  'Who blocks whom. The blocker gets no ringing and no notifications from the blocked user; the blocked user is not told.',
  { ...pair },
);
export type BlockUsersRequest = Static<typeof BlockUsersRequest>;

export const UnblockUsersRequest = request(
  'UnblockUsersRequest',
  'Who unblocks whom. Not blocked: nothing happens, 200.',
  {
    ...pair,
  },
);
export type UnblockUsersRequest = Static<typeof UnblockUsersRequest>;

export const BlockUsersResponse = response('BlockUsersResponse', 'The block.', {
  blocked_by_user_id: userId('Who blocks.'),
  blocked_user_id: userId('Who is blocked.'),
  created_at: time('Since when.'),
  ...actFields,
});
export type BlockUsersResponse = Static<typeof BlockUsersResponse>;

export const UserBlockResponse = response('UserBlockResponse', 'A block between two users.', {
  user_id: userId('Who blocks.'),
  blocked_user_id: userId('Who is blocked.'),
  created_at: time('Since when.'),
  user: UserResponse,
  blocked_user: UserResponse,
});
export type UserBlockResponse = Static<typeof UserBlockResponse>;

export const GetBlockedUsersQuery = query('GetBlockedUsersQuery', {
  user_id: Type.Optional(
    userId('Whose blocks: required with a server token; with a user token absent or the token’s user.'),
  ),
  limit: Type.Optional(queryNumber('How many to answer: 1 to 100, default 100.')),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
});
export type GetBlockedUsersQuery = Static<typeof GetBlockedUsersQuery>;

export const GetBlockedUsersResponse = response(
  'GetBlockedUsersResponse',
  'A page of blocks, the oldest first.',
  {
    blocks: Type.Array(UserBlockResponse, { description: 'The blocks of this page.' }),
    ...pageLinks,
    duration,
  },
);
export type GetBlockedUsersResponse = Static<typeof GetBlockedUsersResponse>;
