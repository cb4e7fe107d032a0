import { type Static, Type } from 'typebox';
import type { TaskId } from '../ids.ts';
import { actFields } from './enforcement.ts';
import {
  cursor,
  customObject,
  duration,
  filterConditions,
  flag,
  LIMITS,
  limit,
  listOf,
  madeId,
  mapOf,
  nullable,
  offset,
  oneOf,
  pageLinks,
  query,
  queryPayload,
  request,
  response,
  roleName,
  sort,
  teamName,
  text,
  time,
  userId,
} from './fields.ts';

export const LANGUAGE_PATTERN = '^([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*)?$';

const userFields = {
  role: Type.Optional(
    roleName('The application role, an existing one; default `user`. Only a server token may set it.'),
  ),
  name: Type.Optional(text(LIMITS.nameLength, 'The name that others see.')),
  image: Type.Optional(text(LIMITS.imageLength, 'The address of a picture.')),
  custom: Type.Optional(customObject('Whatever the application stores with the user.')),
  teams: Type.Optional(
    listOf(
      teamName('The name of a team.'),
      LIMITS.teams,
      'The teams of the user; default none. Only a server token may set it.',
    ),
  ),
  language: Type.Optional(
    Type.String({
      pattern: LANGUAGE_PATTERN,
      maxLength: LIMITS.languageLength,
      description: 'A language tag such as `en` or `pt-BR`; default empty.',
    }),
  ),
  invisible: Type.Optional(flag('Shown as offline to everybody else; default false.')),
} as const;

export const UserRequest = request('UserRequest', 'A user as the application wants it to be.', {
  id: userId('The id, chosen by the application. The prefixes `guest-` and `anonymous-` are reserved.'),
  ...userFields,
});
export type UserRequest = Static<typeof UserRequest>;

/** What the server says of a user. Fields without a value are absent, never null. */
export const userResponseFields = {
  id: userId('The id.'),
  role: roleName('The application role.'),
  language: Type.String({ description: 'A language tag, or empty.' }),
  name: Type.Optional(Type.String({ description: 'The name that others see.' })),
  image: Type.Optional(Type.String({ description: 'The address of a picture.' })),
  custom: customObject('Whatever the application stores with the user.'),
  teams: Type.Array(Type.String(), { description: 'The teams of the user.' }),
  banned: flag('Banned from the whole application now.'),
  shadow_banned: flag('Carries a shadow ban; it has no effect on calls.'),
  ban_expires: Type.Optional(time('When the ban ends; absent while not banned, or banned for good.')),
  online: flag('At least one event socket is open.'),
  invisible: flag('Shown as offline to everybody else.'),
  blocked_user_ids: Type.Optional(
    Type.Array(userId('A user.'), {
      description: 'Whom this user blocks; only in the own object and for server tokens.',
    }),
  ),
  created_at: time('When the user was created.'),
  updated_at: time('When the user last changed.'),
  last_active: Type.Optional(
    time('When the user last joined a call or had an event socket open, to 5 minutes.'),
  ),
  deactivated_at: Type.Optional(time('Since when the user is deactivated.')),
  deleted_at: Type.Optional(time('Since when the user is deleted.')),
  revoke_tokens_issued_before: Type.Optional(
    time('Tokens of this user issued before are refused; only for server tokens.'),
  ),
} as const;

export const UserResponse = response('UserResponse', 'A user.', { ...userResponseFields });
export type UserResponse = Static<typeof UserResponse>;

export const OwnUserResponse = response('OwnUserResponse', 'The user whom the token names.', {
  ...userResponseFields,
  blocked_user_ids: Type.Array(userId('A user.'), { description: 'Whom this user blocks.' }),
});
export type OwnUserResponse = Static<typeof OwnUserResponse>;

export const UpsertUsersRequest = request(
  'UpsertUsersRequest',
  'Creates or replaces up to 100 users, all or none.',
  {
    users: mapOf(UserRequest, {
      description: 'User id -> user; the key must equal the `id` inside.',
      minProperties: 1,
      maxProperties: LIMITS.userBatch,
    }),
  },
);
export type UpsertUsersRequest = Static<typeof UpsertUsersRequest>;

export const UsersResponse = response('UsersResponse', 'The users as they are now, by id.', {
  users: mapOf(UserResponse, { description: 'User id -> user.' }),
  ...actFields,
});
export type UsersResponse = Static<typeof UsersResponse>;

/** What `unset` of a partial update may name, beside `custom.<key>`. */
export const UNSETTABLE_USER_FIELDS = [
  'name',
  'image',
  'custom',
  'teams',
  'language',
  'invisible',
  'revoke_tokens_issued_before',
] as const;

export const UserPartialUpdate = request('UserPartialUpdate', 'The changes to one user.', {
  id: userId('The user to change; must exist.'),
  set: Type.Optional(
    request(
      'UserFieldsToSet',
      'Fields to write. `custom` is merged key by key; everything else is replaced.',
      {
        ...userFields,
        revoke_tokens_issued_before: Type.Optional(
          nullable(
            time(
              'Refuse tokens of this user issued before; null accepts them again. Only a server token may set it.',
            ),
          ),
        ),
      },
    ),
  ),
  unset: Type.Optional(
    listOf(
      Type.String({
        pattern: `^(${UNSETTABLE_USER_FIELDS.join('|')}|custom\\..{1,255})$`,
        maxLength: 262,
        description: 'The name of a field, or `custom.<key>` for one key of `custom`.',
      }),
      LIMITS.customKeys,
      'Fields to clear: back to their default. A field may not be in `set` and `unset` at once.',
    ),
  ),
});
export type UserPartialUpdate = Static<typeof UserPartialUpdate>;

export const UpdateUsersPartialRequest = request(
  'UpdateUsersPartialRequest',
  'Changes some fields of up to 100 users, all or none.',
  { users: listOf(UserPartialUpdate, LIMITS.userBatch, 'One entry per user.', 1) },
);
export type UpdateUsersPartialRequest = Static<typeof UpdateUsersPartialRequest>;

export const QueryUsersRequest = request('QueryUsersRequest', 'A search for users.', {
  filter_conditions: Type.Optional(
    filterConditions(
      '`id`, `role`, `name`, `teams`, `banned`, `shadow_banned`, `created_at`, `updated_at`, `last_active`, `deactivated_at`, `custom.<key>`',
    ),
  ),
  sort: Type.Optional(sort('`id`, `name`, `role`, `created_at`, `updated_at`, `last_active`')),
  limit: Type.Optional(limit),
  offset: Type.Optional(offset),
  next: Type.Optional(cursor('next')),
  prev: Type.Optional(cursor('prev')),
  include_deactivated_users: Type.Optional(flag('Answer deactivated users too; default false.')),
});
export type QueryUsersRequest = Static<typeof QueryUsersRequest>;

export const QueryUsersQuery = query('QueryUsersQuery', {
  payload: Type.Optional(queryPayload('QueryUsersRequest')),
});
export type QueryUsersQuery = Static<typeof QueryUsersQuery>;

export const QueryUsersResponse = response('QueryUsersResponse', 'A page of users.', {
  users: Type.Array(UserResponse, { description: 'The users of this page.' }),
  ...pageLinks,
  duration,
});
export type QueryUsersResponse = Static<typeof QueryUsersResponse>;

export const UserPath = Type.Object(
  { user_id: userId('The user.') },
  { title: 'UserPath', additionalProperties: false },
);
export type UserPath = Static<typeof UserPath>;

const deactivateOptions = {
  mark_messages_deleted: Type.Optional(flag('Accepted for compatibility; there are no messages here.')),
  created_by_id: Type.Optional(userId('On whose behalf; an existing user, named in the audit log.')),
} as const;
const restoreMessages = Type.Optional(flag('Accepted for compatibility; there are no messages here.'));

export const DeactivateUserRequest = request('DeactivateUserRequest', 'Options; the body may be left out.', {
  ...deactivateOptions,
});
export type DeactivateUserRequest = Static<typeof DeactivateUserRequest>;

export const ReactivateUserRequest = request('ReactivateUserRequest', 'Options; the body may be left out.', {
  restore_messages: restoreMessages,
  name: Type.Optional(text(LIMITS.nameLength, 'A new name; default unchanged.')),
  created_by_id: deactivateOptions.created_by_id,
});
export type ReactivateUserRequest = Static<typeof ReactivateUserRequest>;

export const UserActResponse = response('UserActResponse', 'The user after the act.', {
  user: UserResponse,
  ...actFields,
});
export type UserActResponse = Static<typeof UserActResponse>;

const bulkUserIds = listOf(
  userId('A user; must exist.'),
  LIMITS.bulkUserIds,
  `The users, at most ${LIMITS.bulkUserIds.toLocaleString('en-US')}; one that is named twice counts once.`,
  1,
);

export const DeactivateUsersRequest = request('DeactivateUsersRequest', 'Deactivates many users as a task.', {
  user_ids: bulkUserIds,
  ...deactivateOptions,
});
export type DeactivateUsersRequest = Static<typeof DeactivateUsersRequest>;

export const ReactivateUsersRequest = request('ReactivateUsersRequest', 'Reactivates many users as a task.', {
  user_ids: bulkUserIds,
  restore_messages: restoreMessages,
  created_by_id: deactivateOptions.created_by_id,
});
export type ReactivateUsersRequest = Static<typeof ReactivateUsersRequest>;

export const DELETE_MODES = ['soft', 'pruning', 'hard'] as const;

export const DeleteUsersRequest = request('DeleteUsersRequest', 'Deletes users as a task.', {
  user_ids: bulkUserIds,
  user: Type.Optional(
    oneOf(
      DELETE_MODES,
      '`soft` (default) marks the user deleted and can be restored; `pruning` also removes name, image and custom data; `hard` removes the row, leaving a tombstone, and needs `messages` and `conversations` to be `hard` too.',
    ),
  ),
  messages: Type.Optional(oneOf(DELETE_MODES, 'Accepted for compatibility; there are no messages here.')),
  conversations: Type.Optional(
    oneOf(['soft', 'hard'], 'Accepted for compatibility; there are no conversations here.'),
  ),
  calls: Type.Optional(
    oneOf(
      ['soft', 'hard'],
      'Calls of exactly two members of whom one is deleted. Comes in a later version: naming it is answered with 400, code 19. Default: no calls.',
    ),
  ),
});
export type DeleteUsersRequest = Static<typeof DeleteUsersRequest>;

export const RestoreUsersRequest = request('RestoreUsersRequest', 'Brings softly deleted users back.', {
  user_ids: bulkUserIds,
});
export type RestoreUsersRequest = Static<typeof RestoreUsersRequest>;

export const RestoreUsersResponse = response('RestoreUsersResponse', 'The users are back, or will be.', {
  task_id: Type.Optional(madeId<TaskId>('The task that does it, when there are more than 100 users.')),
  ...actFields,
});
export type RestoreUsersResponse = Static<typeof RestoreUsersResponse>;

export const ExportUsersRequest = request('ExportUsersRequest', 'Collects what is stored about users.', {
  user_ids: bulkUserIds,
});
export type ExportUsersRequest = Static<typeof ExportUsersRequest>;
