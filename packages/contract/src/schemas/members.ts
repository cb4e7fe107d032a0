import { type Static, Type } from 'typebox';
import { actFields } from './enforcement.ts';
import {
  callId,
  callTypeName,
  cursor,
  customObject,
  duration,
  filterConditions,
  LIMITS,
  limit,
  listOf,
  pageLinks,
  request,
  response,
  roleName,
  sort,
  time,
  userId,
} from './fields.ts';
import { UserResponse } from './users.ts';

export const MemberRequest = request('MemberRequest', 'A member as the application wants it to be.', {
  user_id: userId('An existing user.'),
  role: Type.Optional(
    roleName('The role in this call, an existing one; default `call_member` (`call-member` is the same).'),
  ),
  custom: Type.Optional(customObject('Whatever the application stores with the member.')),
});
export type MemberRequest = Static<typeof MemberRequest>;

export const MemberResponse = response('MemberResponse', 'A member of a call.', {
  user_id: userId('The member.'),
  user: UserResponse,
  role: roleName('The role in this call.'),
  custom: customObject('Whatever the application stores with the member.'),
  created_at: time('When the person became a member.'),
  updated_at: time('When the membership last changed.'),
});
export type MemberResponse = Static<typeof MemberResponse>;

export const UpdateCallMembersRequest = request(
  'UpdateCallMembersRequest',
  'Members to add or change and members to remove, all or none. Nobody may be in both lists.',
  {
    update_members: Type.Optional(
      listOf(MemberRequest, LIMITS.membersPerRequest, 'Members to add or change.'),
    ),
    remove_members: Type.Optional(
      listOf(userId('A user.'), LIMITS.membersPerRequest, 'Members to remove; who is no member is ignored.'),
    ),
  },
);
export type UpdateCallMembersRequest = Static<typeof UpdateCallMembersRequest>;

export const UpdateCallMembersResponse = response(
  'UpdateCallMembersResponse',
  'The members after the change.',
  {
    members: Type.Array(MemberResponse, { description: 'The members that `update_members` named.' }),
    ...actFields,
  },
);
export type UpdateCallMembersResponse = Static<typeof UpdateCallMembersResponse>;

export const QueryMembersRequest = request('QueryMembersRequest', 'A search for members of one call.', {
  type: callTypeName('The name of the call type.'),
  id: callId('The id of the call within its type.'),
  filter_conditions: Type.Optional(
    filterConditions('`user_id`, `role`, `created_at`, `updated_at`, `custom.<key>`'),
  ),
  sort: Type.Optional(sort('`user_id`, `created_at`')),
  limit: Type.Optional(limit),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
});
export type QueryMembersRequest = Static<typeof QueryMembersRequest>;

export const QueryMembersResponse = response('QueryMembersResponse', 'A page of members.', {
  members: Type.Array(MemberResponse, { description: 'The members of this page.' }),
  ...pageLinks,
  duration,
});
export type QueryMembersResponse = Static<typeof QueryMembersResponse>;
