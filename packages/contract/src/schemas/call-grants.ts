import { type Static, Type } from 'typebox';
import { CAPABILITIES } from '../capabilities.ts';
import { LIMITS, listOf, oneOf, request, userId } from './fields.ts';

const permissions = (description: string) =>
  Type.Optional(listOf(oneOf(CAPABILITIES, 'A capability.'), LIMITS.grantsPerRole, description));

export const UpdateUserPermissionsRequest = request(
  'UpdateUserPermissionsRequest',
  'Grants or revokes permissions of one person in one call, until changed again. Answers the person’s matching permission requests. At least one list must not be empty, and nothing may be in both.',
  {
    user_id: userId('The user; must exist.'),
    grant_permissions: permissions('What to grant; with a user token only what the caller holds.'),
    revoke_permissions: permissions(
      'What to revoke, whatever the person’s roles grant; with a user token only `send-audio`, `send-video` and `screenshare`.',
    ),
  },
);
export type UpdateUserPermissionsRequest = Static<typeof UpdateUserPermissionsRequest>;
