import { type Static, Type } from 'typebox';
import { CAPABILITIES } from '../capabilities.ts';
import { actFields } from './enforcement.ts';
import {
  callTypeName,
  duration,
  flag,
  LIMITS,
  listOf,
  mapOf,
  oneOf,
  request,
  response,
  roleName,
  text,
  time,
} from './fields.ts';
import { CallSettings, CallSettingsRequest } from './settings.ts';

const grants = mapOf(
  listOf(oneOf(CAPABILITIES, 'A capability.'), LIMITS.grantsPerRole, 'The capabilities of the role.'),
  {
    description:
      'Role -> capabilities. A role that is named gets exactly this list; the others keep theirs. Roles must exist. `call-member` is the same as `call_member`.',
    maxProperties: LIMITS.roles,
    propertyNames: roleName('The name of a role.'),
  },
);

const template = (description: string) =>
  text(1000, `${description} May hold \`{{ user.display_name }}\` and \`{{ call.display_name }}\`.`);
const pushFields = {
  enabled: flag('Whether this push is sent.'),
  apns: Type.Object(
    { title: template('The title.'), body: template('The text.') },
    { description: 'What the push says.', additionalProperties: true, maxProperties: LIMITS.settingsKeys },
  ),
} as const;

/** The pushes that can be switched and worded one by one. */
export const NOTIFICATION_KINDS = [
  'call_ring',
  'call_notification',
  'call_missed',
  'call_live_started',
  'session_started',
] as const;

const push = Type.Object(pushFields, { description: 'One kind of push.', additionalProperties: true });
export const NotificationSettings = response(
  'NotificationSettings',
  'Which pushes calls of this type send.',
  {
    enabled: flag('Whether any push is sent.'),
    call_ring: push,
    call_notification: push,
    call_missed: push,
    call_live_started: push,
    session_started: push,
  },
);
export type NotificationSettings = Static<typeof NotificationSettings>;

const askPush = Type.Optional(
  Type.Object(
    {
      enabled: Type.Optional(pushFields.enabled),
      apns: Type.Optional(
        Type.Partial(pushFields.apns, { description: 'What the push says.', additionalProperties: false }),
      ),
    },
    { description: 'One kind of push.', additionalProperties: false },
  ),
);
export const NotificationSettingsRequest = request(
  'NotificationSettingsRequest',
  'Which pushes calls of this type send; what is left out stays as it is. Stored; no push is sent yet.',
  {
    enabled: Type.Optional(flag('Whether any push is sent.')),
    call_ring: askPush,
    call_notification: askPush,
    call_missed: askPush,
    call_live_started: askPush,
    session_started: askPush,
  },
);
export type NotificationSettingsRequest = Static<typeof NotificationSettingsRequest>;

const callTypeFields = {
  name: callTypeName('The name.'),
  settings: CallSettings,
  grants: mapOf(Type.Array(Type.String(), { description: 'The capabilities of the role.' }), {
    description: 'Role -> capabilities.',
  }),
  notification_settings: NotificationSettings,
  built_in: flag('Ships with the server and cannot be deleted.'),
  created_at: time('When the call type was created.'),
  updated_at: time('When the call type last changed.'),
} as const;

export const CallTypeResponse = response('CallTypeResponse', 'A call type.', { ...callTypeFields });
export type CallTypeResponse = Static<typeof CallTypeResponse>;

export const GetCallTypeResponse = response('GetCallTypeResponse', 'A call type.', {
  ...callTypeFields,
  duration,
});
export type GetCallTypeResponse = Static<typeof GetCallTypeResponse>;

export const UpdateCallTypeResponse = response('UpdateCallTypeResponse', 'The call type after the change.', {
  ...callTypeFields,
  ...actFields,
});
export type UpdateCallTypeResponse = Static<typeof UpdateCallTypeResponse>;

export const ListCallTypesResponse = response(
  'ListCallTypesResponse',
  'Every call type; there are at most 200.',
  {
    call_types: mapOf(CallTypeResponse, { description: 'Name -> call type.' }),
    duration,
  },
);
export type ListCallTypesResponse = Static<typeof ListCallTypesResponse>;

export const UpdateCallTypeRequest = request('UpdateCallTypeRequest', 'The changes to a call type.', {
  settings: Type.Optional(CallSettingsRequest),
  grants: Type.Optional(grants),
  notification_settings: Type.Optional(NotificationSettingsRequest),
});
export type UpdateCallTypeRequest = Static<typeof UpdateCallTypeRequest>;

export const CreateCallTypeRequest = request(
  'CreateCallTypeRequest',
  'A new call type. What is left out is as in the built-in type `default`.',
  {
    name: callTypeName('The name: 1 to 64 of `A-Z a-z 0-9 _ -`; must be free.'),
    ...UpdateCallTypeRequest.properties,
  },
);
export type CreateCallTypeRequest = Static<typeof CreateCallTypeRequest>;

export const CallTypePath = Type.Object(
  { name: callTypeName('The name of the call type.') },
  { title: 'CallTypePath', additionalProperties: false },
);
export type CallTypePath = Static<typeof CallTypePath>;
