import { type Static, Type } from 'typebox';
import type { RoleName } from '../ids.ts';
import { CommonQuery, duration, flag, request, response, roleName, time, whole } from './fields.ts';

/** Nobody outranks an admin: the highest rank that a custom role can have. */
export const MAX_CUSTOM_RANK = 399;

const rank = (description: string) => whole(0, 400, description);

export const RoleResponse = response('RoleResponse', 'A role.', {
  name: roleName('The name.'),
  rank: rank(
    'A user token acts only on people of lower rank: admin 400, moderator 300, host 200, everybody else 0.',
  ),
  built_in: flag('Ships with the server and cannot be deleted.'),
  created_at: time('When the role was created.'),
  updated_at: time('When the role last changed.'),
});
export type RoleResponse = Static<typeof RoleResponse>;

export const ListRolesQuery = CommonQuery;
export const ListRolesResponse = response(
  'ListRolesResponse',
  'Every role, by name; there are at most 200.',
  {
    roles: Type.Array(RoleResponse, { description: 'The roles.' }),
    duration,
  },
);
export type ListRolesResponse = Static<typeof ListRolesResponse>;

export const CreateRoleRequest = request('CreateRoleRequest', 'A new role.', {
  name: roleName('The name: 1 to 64 of `A-Z a-z 0-9 _ -`. `call-member` is the same as `call_member`.'),
  rank: Type.Optional(
    whole(
      0,
      MAX_CUSTOM_RANK,
      `0 (default) to ${MAX_CUSTOM_RANK}. People of this role act on people of lower rank, as far as their grants go.`,
    ),
  ),
});
export type CreateRoleRequest = Static<typeof CreateRoleRequest>;

export const CreateRoleResponse = response('CreateRoleResponse', 'The new role.', {
  role: RoleResponse,
  duration,
});
export type CreateRoleResponse = Static<typeof CreateRoleResponse>;

export const RolePath = Type.Object(
  { name: roleName('The name of the role.') },
  { title: 'RolePath', additionalProperties: false },
);
export type RolePath = Static<typeof RolePath>;

/** `call-member`, as some documentation writes it, is `call_member`; every other name is itself. */
export const canonicalRole = (name: string): RoleName =>
  (name === 'call-member' ? 'call_member' : name) as RoleName;
